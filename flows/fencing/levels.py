"""Trying the levels of a fence path: request off, read back."""

from __future__ import annotations

from collections.abc import Callable

from drivers.contracts.clock import Clock
from drivers.contracts.errors import DriverError, Unreachable
from drivers.contracts.fencing import FenceDevice, FenceLevel, FencePath, PowerState
from flows.fencing.readings import Reading, all_off, read, read_all, sentence
from flows.ports import Claim, Ledger, Line
from flows.stop import BackToFence

SILENT_READS = 2  # a device that took no request and answers no question is given up early


def fenced_level(path: FencePath, number: int, *, claim: Claim, ledger: Ledger) -> FenceLevel:
    """The level that this round fenced, with the very devices that were asked.

    :raises BackToFence: the inventory says something else by now: what it names was never asked,
        and nobody has looked whose machine it is (H4).
    """
    asked = {
        (one.target, one.observed.get('address'))
        for one in ledger.intents('power-off')
        if (one.round, one.observed.get('level')) == (claim.round, number)
    }
    try:
        level = path.level(number)
    except KeyError:
        raise BackToFence(f'the inventory of {path.host} has no level {number} any more') from None
    if {(one.name, one.address) for one in level.devices} != asked:
        raise BackToFence(f'the inventory of {path.host} changed since level {number} was fenced')
    return level


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
    ) -> None:
        self._path = path
        self._claim = claim
        self._ledger = ledger
        self._clock = clock
        self._line: Callable[[], Line] | None = line  # gathered and asked with the first request
        self._poll_seconds = poll_seconds
        self.reached = False  #: whether any device gave any answer
        self.failures: list[str] = []  #: a sentence per level that failed

    def fence(self) -> FenceLevel | None:
        """Try the levels in order. Returns the first whose devices all read OFF."""
        for level in self._path.levels:
            self._claim.check()
            if self._try(level):
                return level
        return None

    def _try(self, level: FenceLevel) -> bool:
        started = self._clock.elapsed()
        silent = [not self._request(level, device) for device in level.devices]
        readings = self._wait_off(level, started, any(silent))
        if all_off(readings):
            self._ledger.event(f'level {level.number}: {sentence(readings)}')
            return True
        self.failures.append(f'level {level.number}: {sentence(readings)}')
        self._ledger.event('level failed', self.failures[-1])
        return False

    def _request(self, level: FenceLevel, device: FenceDevice) -> bool:
        """Ask one device to cut the power. False when it did not answer the request."""
        before = read(device, self._clock)
        self._answered(before)
        # After the reading, which may take its time: what the line looks at must not be older.
        line = self._line() if self._line is not None else None
        observed = {'power': before.state.value, 'level': level.number, 'address': device.address}
        try:
            with self._claim.act(
                'power-off',
                device.name,
                observed=observed,
                within=device.request_timeout,
                line=line,
            ) as act:
                self._line = None
                if before.state is PowerState.OFF:
                    act.read_back('reads off already: not asked')
                    return True
                device.driver.power_off(timeout=act.timeout)
                act.read_back('accepted')
        except DriverError as error:
            self._ledger.event(f'{device.name} did not take the power-off request', str(error))
            self.reached = self.reached or not isinstance(error, Unreachable)
            return not isinstance(error, Unreachable)
        self.reached = True
        return True

    def _wait_off(self, level: FenceLevel, started: float, silent: bool) -> tuple[Reading, ...]:
        limit = max(device.off_timeout for device in level.devices)
        reads = 0
        while True:
            readings = read_all(level.devices, self._clock)
            for reading in readings:
                self._answered(reading)
            reads += 1
            mute = any(reading.error for reading in readings)
            late = self._clock.elapsed() - started >= limit
            if all_off(readings) or late or (silent and mute and reads >= SILENT_READS):
                return readings
            self._claim.check()
            self._clock.wait(None, self._poll_seconds)

    def _answered(self, reading: Reading) -> None:
        self.reached = self.reached or not reading.error
