"""The running watch of a proof: the power stays off for as long as instances are evacuated (H3)."""

from __future__ import annotations

import threading

from drivers.contracts.clock import Clock
from drivers.contracts.fencing import FenceDevice
from flows.fencing.readings import all_off, any_on, read_all, sentence


class PowerWatch:
    """Reads every device of the proven level again and again, until it is told to end.

    :param by_human: the proof is a human's word: a device that does not answer breaks nothing,
        one that reads ON does.
    :param fresh_seconds: age at which the newest OFF no longer permits an evacuation.
    """

    def __init__(
        self,
        devices: tuple[FenceDevice, ...],
        *,
        clock: Clock,
        by_human: bool,
        every_seconds: float,
        fresh_seconds: float,
    ) -> None:
        self._devices = devices
        self._clock = clock
        self._by_human = by_human
        self._every_seconds = every_seconds
        self._fresh_seconds = fresh_seconds
        self._off_at: float | None = None
        self._off = False  # what the newest finished look found
        self._ended = threading.Event()
        self.on = ''  #: a sentence, once a device read ON
        self.last = ''  #: the newest readings, as a sentence

    def look(self) -> None:
        """Read every device once."""
        asked = self._clock.elapsed()  # an answer is at most as old as its question
        readings = read_all(self._devices, self._clock)
        self.last = sentence(readings)
        if any_on(readings):
            self.on = self.on or self.last
            return
        self._off = self._by_human or all_off(readings)
        if self._off:
            self._off_at = asked

    def fresh(self) -> bool:
        """Whether an evacuation may be sent now."""
        if self.on or self._off_at is None:
            return False
        # A dead controller takes its time to say nothing: that ages no human's word.
        return self._by_human or self._clock.elapsed() - self._off_at <= self._fresh_seconds

    def lost(self) -> bool:
        """Whether the proof is gone: the newest look could not read OFF, and the one before is
        too old. A device that is only slow makes senders wait, no more."""
        return not self._off and not self.fresh()

    def run(self) -> None:
        """Look until :meth:`end`; the body of an actor of its own."""
        pause = self._every_seconds
        while not self.on and not self._clock.wait(self._ended, pause):
            began = self._clock.elapsed()
            self.look()
            pause = max(0.0, self._every_seconds - (self._clock.elapsed() - began))

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()
