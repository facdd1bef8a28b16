"""Asking several at the same time, and waiting for none longer than for all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from drivers.contracts.clock import Clock

T = TypeVar('T')


class Beside(Generic[T]):
    """Asks by name. One that hangs is not asked again before it has come back: a thousand alarms
    must not leave a thousand actors behind."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Event] = {}

    def ask(self, questions: Mapping[str, Callable[[], T]], seconds: float) -> dict[str, T]:
        """The answers that came within so many seconds in all; who gave none is missing.

        A question handles its own exceptions: one that raises is not answered.
        """
        until = self._clock.elapsed() + seconds
        answers: dict[str, T] = {}
        asked = [self._begin(name, question, answers) for name, question in questions.items()]
        for ended in asked:
            if ended is not None:
                self._clock.wait(ended, max(0.0, until - self._clock.elapsed()))
        with self._lock:
            return dict(answers)  # who answers later speaks to nobody

    def _begin(
        self, name: str, question: Callable[[], T], answers: dict[str, T]
    ) -> threading.Event | None:
        with self._lock:
            before = self._under_way.get(name)
            if before is not None and not before.is_set():
                return None
            ended = self._under_way[name] = threading.Event()

        def body() -> None:
            try:
                said = question()
                with self._lock:
                    answers[name] = said
            finally:
                with self._lock:
                    self._under_way.pop(name, None)
                ended.set()

        self._clock.spawn(f'ask {name}', body)
        return ended
