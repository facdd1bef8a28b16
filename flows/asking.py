"""Asking Nova from a step: what each kind of trouble means for the recovery."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drivers.contracts.errors import AccessDenied, Refused, Unreachable
from flows.stop import Waiting


@contextmanager
def nova(again_in: float = 10.0) -> Iterator[None]:
    """Nova that is away, or says no, makes the recovery wait: never an attempt, never the end."""
    try:
        yield
    except Unreachable as error:
        raise Waiting(
            f'Nova does not answer: {error}', code='nova-away', again_in=again_in
        ) from error
    except AccessDenied as error:
        raise Waiting(
            f'Nova does not accept our credentials or role: {error}',
            code='nova-denied',
            verb='recovery doctor',
            again_in=6 * again_in,
        ) from error
    except Refused as error:
        raise Waiting(
            f'Nova refused: {error}', code='nova-refused', again_in=6 * again_in
        ) from error
