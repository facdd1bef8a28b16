"""Times as requests spell them."""

from __future__ import annotations

from recovery.api.faults import Fault
from recovery.api.native.schemas import SINCE
from recovery.view import times


def since(text: str | None, now: float) -> float | None:
    """A time, or how long ago, as seconds since 1970 UTC. Raises Fault (400)."""
    try:
        return None if text is None else times.since(text, now)
    except (ValueError, OverflowError) as error:
        why = f'{text!r} does not fit; it has to be {SINCE["description"]}'
        raise Fault(400, f'Invalid input for since: {why}') from error


def at(text: str | None, name: str) -> float | None:
    """A time, as seconds since 1970 UTC. Raises Fault (400).

    :param name: of what is wrong, if it is.
    """
    try:
        return times.parsed(text)
    except (ValueError, OverflowError) as error:
        raise Fault(400, f'Invalid input for {name}: {text!r} is no time: {error}') from error
