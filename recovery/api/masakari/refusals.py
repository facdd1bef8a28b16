"""Refusals of what was asked for, by the status that Masakari's clients expect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drivers.contracts.errors import DriverError
from recovery.api.faults import Fault
from recovery.intake import BadAlarm
from recovery.operate.members import NoService
from recovery.operate.notify import UnknownHost
from recovery.operate.refusal import Nothing, Refusal

STATUS: dict[type[Refusal], int] = {Nothing: 404, NoService: 400, UnknownHost: 400}


@contextmanager
def refused() -> Iterator[None]:
    """Turn a refusal into the answer to it; trouble of ours is never the caller's mistake."""
    try:
        yield
    except Refusal as refusal:
        status = STATUS.get(type(refusal), 409)
        raise Fault(status, refusal.sentence, verb=refusal.verb) from refusal
    except BadAlarm as error:
        raise Fault(400, f'Invalid input: {error}') from error
    except DriverError as error:
        raise Fault(503, f'Nova could not be asked; nothing was changed: {error}') from error
