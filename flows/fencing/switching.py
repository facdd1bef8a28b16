"""How far one device of a level has come: when it is asked, when it counts, when it has failed."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.contracts.fencing import FenceDevice, PowerState
from flows.fencing.readings import Reading, sentence
from flows.records import REFUSED, Intent

VAIN_READS = 2  # a device that took no request, and shows no effect of one, is given up early
#: Outcomes of a request, as they are put on record.
ACCEPTED, NOT_ASKED = 'accepted', 'reads off already: not asked'
LAST_READ_SECONDS = 1.0  # at the end of its time a device gets this long for its last answer


class Switching:
    """One device while its level is tried. Times are the clock's elapsed seconds."""

    def __init__(self, device: FenceDevice, began: float) -> None:
        self.device = device
        self.begins = began + device.delay
        self.requests = 0  #: that were sent
        self.off_since: float | None = None  #: since when every reading was OFF
        self.reading: Reading | None = None  #: the newest since it was asked
        self._first: float | None = None  # when the first request went out, or was not needed
        self._taken = False  # a request was accepted
        self._lost = False  # a request got no answer: it may have arrived
        self._refused = False
        self._back = False  # it read OFF since the newest request, and then no more
        self._before = PowerState.UNKNOWN  # the reading before the newest request
        self._vain = 0  # readings in a row that give no hope

    def resume(self, now: float, ago: float, past: Sequence[Intent]) -> None:
        """Go on where another worker was interrupted: what was asked counts (S30).

        Its time goes on, too, but each attempt that is left keeps its share of it, and a last
        question the time of one. The last request is sent again when nobody knows of it.

        :param ago: seconds since the first of ``past``.
        :param past: what is on record of it, in this try of its level, oldest first.
        """
        self.requests = max(int(one.observed.get('attempt', 0)) for one in past)
        if past[-1].outcome is None and self.requests == self.device.attempts:
            # Its worker died around it, maybe before it was sent: nobody may wait for what never
            # went out. Asking twice is harmless, and each repetition costs a worker.
            self.requests -= 1
        share = self.device.off_timeout / self.device.attempts
        kept = max(share * (self.device.attempts - self.requests), self.device.request_timeout)
        self._first = max(now - ago, now - max(0.0, self.device.off_timeout - kept))
        for one in past:
            if one.observed.get('attempt'):
                self._before = PowerState(one.observed['power'])
                self._learn(one.outcome)

    def _learn(self, outcome: str | None) -> None:
        if outcome == ACCEPTED:
            self.accepted()
        elif outcome is not None and outcome.startswith(REFUSED):
            self.refused()
        elif outcome != NOT_ASKED:
            self.unanswered()

    @property
    def asked(self) -> bool:
        """Whether its part has begun."""
        return self._first is not None

    @property
    def taken(self) -> bool:
        """Whether a request was accepted."""
        return self._taken

    @property
    def in_doubt(self) -> bool:
        """Whether no request was taken, and it does not read OFF: the level may end here."""
        return self.asked and not self._taken and self.off_since is None

    def due(self, now: float) -> bool:
        """Whether a request is to be sent now."""
        if self._first is None:
            return now >= self.begins
        if self.off_since is not None or not self._more or self.left(now) <= 0:
            return False
        if not self._taken or self._back:
            return True  # it did not arrive, or was not needed, or has been undone
        share = self.device.off_timeout / self.device.attempts
        return now >= self._first + self.requests * share

    def begin(self, now: float) -> None:
        """Its time runs from here."""
        if self._first is None:
            self._first = now

    def was_off(self, now: float) -> None:
        """It read OFF, and had not before."""
        self.off_since = now

    def sent(self, before: PowerState) -> None:
        """A request goes out; what it read just before."""
        self._before = before
        self.requests += 1
        self._back = False
        self._vain = 0

    def accepted(self) -> None:
        """The request was taken, which is not yet off."""
        self._taken = True

    def refused(self) -> None:
        """The device said no: asking the same again is useless."""
        self._refused = True

    def unanswered(self) -> None:
        """Nobody knows whether the request arrived."""
        self._lost = True

    def left(self, now: float) -> float:
        """Seconds of its time-out that are left; all of it before the first request."""
        first = now if self._first is None else self._first
        return self.device.off_timeout - (now - first)

    def patience(self, now: float) -> float:
        """Seconds for one reading: the time-out is a total, until it reads OFF. From then on what
        is waited for is another device, or its off_wait."""
        if self.off_since is not None:
            return self.device.request_timeout
        return min(self.device.request_timeout, max(self.left(now), LAST_READ_SECONDS))

    def saw(self, reading: Reading) -> None:
        """What it answered, to a question that was sent after its newest request."""
        self.reading = reading
        if reading.state is not PowerState.OFF:
            self._back = self._back or self.off_since is not None
            self.off_since = None
        # A request that got no answer may have arrived: what it reads may still change.
        same = reading.state is self._before and not self._lost
        self._vain = self._vain + 1 if reading.error or same else 0

    def counts(self, now: float) -> bool:
        """Whether it reads OFF, and has for long enough."""
        return self.off_since is not None and now - self.off_since >= self.device.off_wait

    def failed(self, now: float) -> bool:
        """Whether its level has failed by it."""
        if not self.asked or self.off_since is not None:
            return False
        hopeless = not self._taken and self.requests > 0 and not self._more
        return self.left(now) <= 0 or (hopeless and self._vain >= VAIN_READS)

    def next_in(self, now: float) -> float | None:
        """Seconds until something about it changes by time alone."""
        if not self.asked:
            return self.begins - now
        if self.off_since is not None and not self.counts(now):
            return self.off_since + self.device.off_wait - now
        return None

    def sentence(self) -> str:
        """For people: 'bmc reads on (asked 2 times)'."""
        if self.reading is None:
            return f'{self.device.name} was not asked'
        asked = f' (asked {self.requests} times)' if self.requests > 1 else ''
        return sentence([self.reading]) + asked

    @property
    def _more(self) -> bool:
        return not self._refused and self.requests < self.device.attempts
