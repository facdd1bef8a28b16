"""One thing at a time: ten senders of one alarm at the same moment are not ten decisions.

All but one would find at the end that another was faster, after all the work and with the
database locked meanwhile. Only this process is meant: others are kept apart by the database, which
is why somebody who hangs is not waited for any longer than PATIENCE_SECONDS.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from drivers.contracts.clock import Clock

PATIENCE_SECONDS = 5.0  #: of one who waits, and since the one who has the turn began


class Turns:
    """Of everything that has a name. Safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[str, tuple[float, threading.Event]] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Have the turn; or go on beside somebody who has had it for too long."""
        mine = self._take(name)
        try:
            yield
        finally:
            if mine is not None:
                with self._lock:
                    del self._taken[name]
                mine.set()

    def _take(self, name: str) -> threading.Event | None:
        came = self._clock.elapsed()
        while True:
            now = self._clock.elapsed()
            with self._lock:
                other = self._taken.get(name)
                if other is None:
                    mine = threading.Event()
                    self._taken[name] = now, mine
                    return mine
            began, ended = other  # who came before it began has waited for others, too
            if not self._clock.wait(ended, max(0.0, min(came, began) + PATIENCE_SECONDS - now)):
                return None
