"""An actor of the virtual clock: a thread that runs only while it holds the baton."""

from __future__ import annotations

import threading


class Actor:
    """A thread, what it waits for, and the lock that is its baton."""

    __slots__ = ('ended', 'event', 'frozen', 'go', 'instant', 'killed', 'name', 'turns', 'wake')

    def __init__(self, name: str, wake: float) -> None:
        self.name = name
        self.wake: float | None = wake
        self.event: threading.Event | None = None
        self.killed = False
        self.frozen = False
        self.turns, self.instant = 0, -1.0
        self.ended = threading.Event()
        self.go = threading.Lock()
        self.go.acquire()

    def ready(self, at: float) -> bool:
        """Whether it could run at that time."""
        if self.killed:
            return True
        if self.frozen:
            return False
        if self.wake is not None and self.wake <= at:
            return True
        return self.event is not None and self.event.is_set()

    def rank(self, at: float) -> tuple[int, str]:
        """Who comes first: the one that ran least at this instant."""
        return (self.turns if self.instant == at else 0, self.name)


def within(name: str, prefix: str) -> bool:
    """Whether an actor is that one, or below it."""
    return name == prefix or name.startswith(prefix.rstrip('/') + '/')
