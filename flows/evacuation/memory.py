"""What one process knows of evacuate requests by its steady clock, which nobody sets.

It outlives passes and claims: a recovery that waits and is woken here goes on counting.
"""

from __future__ import annotations

import threading

from drivers.contracts.clock import Clock


class Memory:
    """By the id of the attempt. All times by the clock's ``elapsed``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._since: dict[int, float] = {}
        self._up: dict[int, float] = {}

    def since(self, attempt: int) -> float:
        """When this process came to know that the request has no trace."""
        with self._lock:
            return self._since.setdefault(attempt, self._clock.elapsed())

    def away(self, attempt: int, up_at: float) -> float | None:
        """Its destination was up at that time. How long before we saw it so; None: never."""
        with self._lock:
            before, self._up[attempt] = self._up.get(attempt), up_at
        return None if before is None else up_at - before

    def forget(self, attempt: int) -> None:
        """It has ended."""
        with self._lock:
            self._since.pop(attempt, None)
            self._up.pop(attempt, None)
