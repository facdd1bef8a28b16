"""The body of a message as JSON, whatever was sent."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from drivers.contracts.alarms import BadPayload

DEPTH = 32  #: objects and lists within each other; no sender of alarms needs a third of it
NUMBER, DIGITS = 2**63, 20  #: what a column of the database holds


def parse(raw: bytes) -> Any:
    """The value. Raises BadPayload, and nothing else."""
    if not raw.strip():
        raise BadPayload('the message is empty: send the alarm as JSON')
    try:
        value = json.loads(
            raw.decode('utf-8-sig'), parse_constant=_refuse, parse_int=whole, parse_float=real
        )
    except UnicodeDecodeError as error:
        raise BadPayload(f'the message is not UTF-8: byte {error.start} is none') from error
    except RecursionError as error:
        raise BadPayload(_DEEP) from error
    except ValueError as error:
        raise BadPayload(f'the message is not JSON: {str(error)[:200]}') from error
    if _deeper(value, DEPTH):
        raise BadPayload(_DEEP)
    return mended(value)


def mended(value: Any) -> Any:
    """The same with U+FFFD for each character that a database does not take: one of them in one
    alarm is no reason to lose those beside it. Raises nothing; calls itself for each level."""
    if isinstance(value, str):
        return _STRANGE.sub('\ufffd', value)
    if isinstance(value, dict):
        return {mended(name): mended(one) for name, one in value.items()}
    return [mended(one) for one in value] if isinstance(value, list) else value


def whole(digits: str) -> int | str:
    """A whole number; one that 64 bits do not hold stays text, since it may be a key."""
    fits = len(digits) <= DIGITS and -NUMBER <= int(digits) < NUMBER
    return int(digits) if fits else digits


def real(digits: str) -> float | str:
    """A number; one that is too large for any stays text."""
    value = float(digits)
    return value if math.isfinite(value) else digits


#: U+0000, and what is half of a pair without the other half.
_STRANGE = re.compile(r'[\0\ud800-\udfff]')
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
