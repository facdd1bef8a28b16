"""Trying the levels of a fence path: request off, read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.errors import DriverError, Unreachable
from drivers.contracts.fencing import FenceDevice, FenceLevel, FencePath, PowerState
from flows.fencing import readings
from flows.fencing.readings import Reading
from flows.fencing.switching import ACCEPTED, NOT_ASKED, Switching
from flows.ports import Claim, Ledger, Line
from flows.records import Intent
from flows.stop import BackToFence

#: The note that keeps when the delays of a level began; None once its try has ended.
DELAY = 'fence-delay'
LINE_SECONDS = 30.0  # a request later than this after the gates were asked asks them again


def fenced_level(path: FencePath, number: int, *, claim: Claim, ledger: Ledger) -> FenceLevel:
    """The level that this round fenced, with the very devices that were asked.

    :raises BackToFence: the inventory says something else by now: what it names was never asked,
        and nobody has looked whose machine it is (H4).
    """
    asked = {
        (one.target, one.observed.get('address'), one.observed.get('driver'))
        for one in ledger.intents('power-off')
        if (one.round, one.observed.get('level')) == (claim.round, number)
    }
    try:
        level = path.level(number)
    except KeyError:
        raise BackToFence(f'the inventory of {path.host} has no level {number} any more') from None
    if {(one.name, one.address, one.kind) for one in level.devices} != asked:
        raise BackToFence(f'the inventory of {path.host} changed since level {number} was fenced')
    return level


def asked(ledger: Ledger, claim: Claim, device: str) -> dict[str, int]:
    """At which level, and how often, a device was asked to cut the power in this round.

    Attempt 0: it read OFF, and was not asked.
    """
    mine = [
        one.observed
        for one in ledger.intents('power-off')
        if (one.round, one.target) == (claim.round, device)
    ]
    return {key: mine[-1][key] for key in ('level', 'attempt') if mine and key in mine[-1]}


def _of_level(level: FenceLevel, past: Sequence[Intent]) -> list[Intent]:
    """What is on record of the devices of a level, as they are now."""
    known = {(one.name, one.address, one.kind) for one in level.devices}
    return [
        one
        for one in past
        if one.observed.get('level') == level.number
        and (one.target, one.observed.get('address'), one.observed.get('driver')) in known
    ]


class Fencer:
    """Fences one host for one claim."""

    def __init__(
        self,
        path: FencePath,
        *,
        claim: Claim,
        ledger: Ledger,
        clock: Clock,
        line: Callable[[], Line],
        poll_seconds: float,
        past: Sequence[Intent] = (),
    ) -> None:
        """:param past: requests that are on record of this try: a worker was interrupted in it."""
        self._path = path
        self._claim = claim
        self._ledger = ledger
        self._clock = clock
        self._line = line
        self._line_at: float | None = None  # when it was last asked, on the clock's elapsed time
        self._poll_seconds = poll_seconds
        self.reached = False  #: whether any device gave any answer
        self.failures: list[str] = []  #: a sentence per level that failed
        self._took: set[str] = set()  # devices that accepted a request
        self._past = {level.number: _of_level(level, past) for level in path.levels}

    def fence(self) -> FenceLevel | None:
        """Try the levels in order. Returns the first whose devices all read OFF.

        Where a worker was interrupted it goes on with the level that was being tried.
        """
        first = max((number for number, past in self._past.items() if past), default=0)
        for level in self._path.levels:
            self._claim.check()
            if level.number < first:
                self.failures.append(f'level {level.number}: failed before')
                continue
            if self._try(level):
                return level
        return None

    def _try(self, level: FenceLevel) -> bool:
        began = self._clock.elapsed()
        waited = self._waited(level)
        every = [Switching(device, began - waited) for device in level.devices]
        if self._delayed(level) and not waited:
            self._announce(level, every)
        self._resume(level, every)
        while True:
            self._claim.check()
            self._ask(level, every)
            self._look(every)
            now = self._clock.elapsed()
            said = f'level {level.number}: {", ".join(one.sentence() for one in every)}'
            if all(one.counts(now) for one in every):
                self._ledger.event(said)
                return True
            if any(one.failed(now) for one in every):
                self.failures.append(said)
                self._ledger.event('level failed', said)
                return False
            self._claim.check()
            self._clock.wait(None, self._pause(every, now))

    def _waited(self, level: FenceLevel) -> float:
        """Seconds of the delays of a level that another worker has waited."""
        began = [one.at for one in self._past[level.number][:1]]
        delay = self._ledger.notes().get(DELAY) if self._delayed(level) else None
        if delay and (delay['round'], delay['level']) == (self._claim.round, level.number):
            began.append(delay['at'])
        return max(0.0, self._clock.now() - min(began)) if began else 0.0

    @staticmethod
    def _delayed(level: FenceLevel) -> bool:
        return any(device.delay for device in level.devices)

    def _resume(self, level: FenceLevel, every: Sequence[Switching]) -> None:
        now = self._clock.elapsed()
        for one in every:
            mine = [each for each in self._past[level.number] if each.target == one.device.name]
            if mine:
                one.resume(now, max(0.0, self._clock.now() - mine[0].at), mine)
            if one.taken:
                self._took.add(one.device.name)
                self.reached = True

    def _announce(self, level: FenceLevel, every: Sequence[Switching]) -> None:
        for one in every:
            if one.device.delay:
                what = f'{one.device.name} is asked in {one.device.delay:g} s'
                self._ledger.event(what, f'level {level.number}: its delay')
        at = {'round': self._claim.round, 'level': level.number, 'at': self._clock.now()}
        self._ledger.note(DELAY, at)

    def _ask(self, level: FenceLevel, every: Sequence[Switching]) -> None:
        """Send what is due. Behind a device that may end the level nobody is asked yet."""
        for one in every:
            if one.due(self._clock.elapsed()):
                self._request(level, one)
            if one.in_doubt:
                return

    def _request(self, level: FenceLevel, one: Switching) -> None:
        device = one.device
        before = readings.read(device, self._clock, one.patience(self._clock.elapsed()))
        self._answered(before)
        off = self._believed(device, before).state is PowerState.OFF
        attempt = one.requests if off else one.requests + 1  # 0: it was off, and never asked
        if attempt > 1:
            what = f'{device.name} is asked again'
            self._ledger.event(what, f'attempt {attempt}; it reads {before.state.value}')
        observed = {
            'power': before.state.value,
            'level': level.number,
            'address': device.address,
            'driver': device.kind,
            'attempt': attempt,
        }
        # After the reading, which may take its time: what the line looks at must not be older.
        line = self._line() if self._line_is_due() else None
        try:
            self._send(one, observed, off, line)
        except DriverError as error:
            what = f'{device.name} did not take the power-off request'
            self._ledger.event(what, f'level {level.number}, attempt {attempt}: {error}')
            self.reached = self.reached or not isinstance(error, Unreachable)
            (one.unanswered if isinstance(error, Unreachable) else one.refused)()

    def _line_is_due(self) -> bool:
        """With the first request; and while levels are tried, which may take many minutes, the
        host may come back, or into somebody's hands."""
        at = self._line_at
        return at is None or self._clock.elapsed() - at >= LINE_SECONDS

    def _send(
        self, one: Switching, observed: Mapping[str, Any], off: bool, line: Line | None
    ) -> None:
        one.begin(self._clock.elapsed())
        within = one.patience(self._clock.elapsed())
        with self._claim.act(
            'power-off', one.device.name, observed=observed, within=within, line=line
        ) as act:
            if line is not None:
                self._line_at = self._clock.elapsed()
            if off:
                act.read_back(NOT_ASKED)
                self._saw_off(one, self._clock.elapsed())
                return
            one.sent(PowerState(observed['power']))
            readings.tell(one.device.driver.power_off, act.timeout)
            act.read_back(ACCEPTED)
        one.accepted()
        self._took.add(one.device.name)
        self.reached = True

    def _look(self, every: Sequence[Switching]) -> None:
        for one in every:
            if not one.asked:
                continue
            asked = self._clock.elapsed()  # an answer is at most as old as its question
            reading = readings.read(one.device, self._clock, one.patience(asked))
            self._answered(reading)
            reading = self._believed(one.device, reading)
            if reading.state is PowerState.OFF and one.off_since is None:
                self._saw_off(one, self._clock.elapsed())
            one.saw(reading)

    def _believed(self, device: FenceDevice, reading: Reading) -> Reading:
        """OFF out of a record counts once its controller has looked: when it was asked (S3)."""
        stale = device.from_record and device.name not in self._took
        if not stale or reading.state is not PowerState.OFF:
            return reading
        return replace(
            reading, state=PowerState.UNKNOWN, error='its record says off, and nobody has looked'
        )

    def _saw_off(self, one: Switching, now: float) -> None:
        one.was_off(now)
        if one.device.off_wait:
            what = f'{one.device.name} reads off, and counts in {one.device.off_wait:g} s'
            self._ledger.event(what, 'its off_wait')

    def _pause(self, every: Sequence[Switching], now: float) -> float:
        soon = [one.next_in(now) for one in every]
        return min([self._poll_seconds, *(each for each in soon if each is not None and each > 0)])

    def _answered(self, reading: Reading) -> None:
        self.reached = self.reached or not reading.error
