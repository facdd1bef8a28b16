"""The body of a message as JSON, whatever was sent."""

from __future__ import annotations

import json
from typing import Any

from drivers.contracts.alarms import BadPayload

DEPTH = 32  #: objects and lists within each other; no sender of alarms needs a third of it


def parse(raw: bytes) -> Any:
    """The value. Raises BadPayload, and nothing else."""
    if not raw.strip():
        raise BadPayload('the message is empty: send the alarm as JSON')
    try:
        value = json.loads(raw.decode('utf-8-sig'), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise BadPayload(f'the message is not UTF-8: byte {error.start} is none') from error
    except RecursionError as error:
        raise BadPayload(_DEEP) from error
    except ValueError as error:
        raise BadPayload(f'the message is not JSON: {str(error)[:200]}') from error
    if _deeper(value, DEPTH):
        raise BadPayload(_DEEP)
    return value


_DEEP = f'the message is nested deeper than {DEPTH} levels'


def _refuse(word: str) -> None:
    raise ValueError(f'{word} is no number')


def _deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels + 1):
        layer = [
            part
            for one in layer
            if isinstance(one, dict | list)
            for part in (one.values() if isinstance(one, dict) else one)
        ]
        if not layer:
            return False
    return True
