"""Switching a host on again: every device that keeps it off."""

from __future__ import annotations

from collections.abc import Callable

from drivers.contracts.clock import Clock
from drivers.contracts.errors import DriverError
from drivers.contracts.fencing import FenceDevice, FencePath, PowerOn, PowerState
from flows.fencing import readings
from flows.fencing.readings import Reading
from flows.ports import Claim, Ledger

POLL_SECONDS = 2.0


class Starter:
    """Switches one host on, for one claim.

    :param whose: raises what stops it if a device is no longer the host's own (H4): one that was
        silent has not been asked that when all were.
    """

    def __init__(
        self,
        path: FencePath,
        *,
        whose: Callable[[], None],
        claim: Claim,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._path = path
        self._whose = whose
        self._claim = claim
        self._ledger = ledger
        self._clock = clock
        self._not_ours: list[Reading] = []
        self.asked = 0  #: requests that were taken
        self.on = False  #: whether a device reads ON
        self.troubles: list[str] = []  #: a sentence for each request that was not taken

    @property
    def by_hand(self) -> str:
        """What keeps it off that only a human may switch on: 'pdu reads off (power_on: never)'."""
        off = [one for one in self._not_ours if one.state is not PowerState.ON]
        if not any(one.state is PowerState.OFF for one in off):
            return ''  # nobody can see that it is off: its agent will tell
        return ', '.join(f'{readings.sentence([one])} (power_on: never)' for one in off)

    def start(self) -> None:
        """Ask every device that does not read ON.

        One that gives no answer is asked last: a controller has no current before its outlet has
        (H3), and boots after it.
        """
        silent = [device for device in self._path.devices if not self._try(device)]
        if self.asked:
            self._wake(silent)
        else:
            for device in silent:
                self._ask(device, PowerState.UNKNOWN)
        self.on = readings.any_on(readings.read_all(self._path.devices, self._clock))

    def _try(self, device: FenceDevice, *, was_silent: bool = False) -> bool:
        """Read it, and ask it if need be. False: it gave no answer, and was not asked."""
        before = readings.read(device, self._clock)
        if device.power_on is PowerOn.NEVER:
            self._not_ours.append(before)
        elif before.error:
            return False
        elif before.state is not PowerState.ON:
            if was_silent:
                self._whose()
            self._ask(device, before.state)
        return True

    def _ask(self, device: FenceDevice, before: PowerState) -> None:
        observed = {
            'power': before.value,
            'address': device.address,
            'driver': device.kind,
        }
        try:
            with self._claim.act(
                'power-on', device.name, observed=observed, within=device.request_timeout
            ) as act:
                readings.tell(device.driver.power_on, act.timeout)
                act.read_back('accepted')
        except DriverError as error:
            self.troubles.append(f'{device.name}: {error}')
            self._ledger.event(f'{device.name} did not take the power-on request', str(error))
        else:
            self.asked += 1

    def _wake(self, silent: list[FenceDevice]) -> None:
        began = self._clock.elapsed()
        while silent:
            self._claim.check()
            self._clock.wait(None, POLL_SECONDS)
            waited = self._clock.elapsed() - began
            silent = [one for one in silent if not self._try(one, was_silent=True)]
            for device in (one for one in silent if waited >= one.off_timeout):
                self._ledger.event(f'{device.name} was not asked to switch on', 'it is silent')
            silent = [one for one in silent if waited < one.off_timeout]
