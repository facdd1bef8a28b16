"""What one process knows of evacuate requests by its steady clock, which nobody sets.

It outlives passes and claims: a recovery that waits and is woken here goes on counting.
"""

from __future__ import annotations

import threading

from drivers.contracts.clock import Clock

KEPT_SECONDS = 86400.0


class Memory:
    """Since when this process knows of each request that has no trace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # After a purge a database may give the id of an attempt again; never that of a recovery.
        self._since: dict[tuple[str, int], float] = {}

    def since(self, recovery: str, attempt: int) -> float:
        """By the clock's ``elapsed``; now, when it was not known before."""
        now = self._clock.elapsed()
        with self._lock:
            if (recovery, attempt) not in self._since:
                known = self._since.items()
                self._since = {key: at for key, at in known if now - at < KEPT_SECONDS}
            return self._since.setdefault((recovery, attempt), now)
