"""Many who ask a peer at the same time: one looks, the others share what he finds.

A peer that takes connections and never answers would otherwise hold every thread of a process for
the whole time-out of each question. Here it holds one; all others learn within PATIENCE_SECONDS,
and at once as soon as it is known, that there is no answer.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from drivers.contracts.clock import Clock
from drivers.contracts.errors import DriverError, Unreachable

T = TypeVar('T')

PATIENCE_SECONDS = 5.0  #: that somebody waits for the look of another one
KEEP_SECONDS = 5.0  #: that nobody asks after a look that lasted longer than that and failed


class _Look:
    """One question that is under way."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.ended = threading.Event()
        self.answer: Any = None
        self.error: DriverError | None = Unreachable('whoever asked was interrupted')


class Crowd:
    """All who ask one peer from this process. Safe for threads.

    :param peer: its name, for sentences.
    """

    def __init__(self, peer: str, clock: Clock) -> None:
        self._peer = peer
        self._clock = clock
        self._lock = threading.Lock()
        self._looks: dict[object, _Look] = {}
        self._answered_at = clock.elapsed()
        self._silent: tuple[float, str] | None = None  #: since the last look that took too long

    def ask(self, question: object, look: Callable[[], T]) -> T:
        """What ``look`` returns, or what somebody got who asks the same question already.

        An answer may be as old as the question of that other one: never for whoever fences.

        :raises DriverError: what ``look`` raises; Unreachable, without a look, while the peer
            lets others wait.
        """
        with self._lock:
            now = self._clock.elapsed()
            if refusal := self._refusal(now):
                raise Unreachable(refusal)
            found = self._looks.get(question)
            mine = found is None
            one = self._looks[question] = found or _Look(now)
        if mine:
            self._look(question, one, look)
        elif not self._clock.wait(one.ended, one.began + PATIENCE_SECONDS - now):
            raise Unreachable(self._waiting(self._clock.elapsed() - one.began))
        if one.error is not None:
            raise one.error if mine else copy.copy(one.error)
        answer: T = one.answer
        return answer

    def _look(self, question: object, one: _Look, look: Callable[[], Any]) -> None:
        try:
            one.answer, one.error = look(), None
        except DriverError as error:
            one.error = error
        finally:
            with self._lock:
                del self._looks[question]
                self._note(one)
            one.ended.set()

    def _note(self, one: _Look) -> None:
        now = self._clock.elapsed()
        if not isinstance(one.error, Unreachable):
            self._answered_at, self._silent = now, None
        elif now - one.began >= PATIENCE_SECONDS:
            self._silent = now, str(one.error)

    def _refusal(self, now: float) -> str:
        """Why nobody is to ask now, or ''."""
        # Who asks something else and is answered shows that the peer does answer.
        waiting = [one for one in self._looks.values() if one.began >= self._answered_at]
        oldest = max((now - one.began for one in waiting), default=0.0)
        if oldest >= PATIENCE_SECONDS:
            return self._waiting(oldest)
        if self._silent is None:
            return ''
        failed_at, why = self._silent
        if now - failed_at < KEEP_SECONDS:
            return f'{why} (asked {now - failed_at:.0f} s ago)'
        return f'{why} (asked again just now)' if waiting else ''

    def _waiting(self, seconds: float) -> str:
        return f'{self._peer} has not answered another request for {seconds:.0f} s'
