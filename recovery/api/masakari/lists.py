"""What all lists have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from recovery.api.faults import Fault
from recovery.db.pages import NoMarker


@contextmanager
def listed() -> Iterator[None]:
    """A marker that names no row is a mistake of the caller."""
    try:
        yield
    except NoMarker as error:
        raise Fault(400, f'Marker {error.args[0]} could not be found.') from error
