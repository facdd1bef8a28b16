"""Switching a host on again: every device that keeps it off."""

from __future__ import annotations

from drivers.contracts.clock import Clock
from drivers.contracts.errors import DriverError, Unreachable
from drivers.contracts.fencing import FenceDevice, FencePath, PowerOn, PowerState
from flows.fencing import readings
from flows.fencing.readings import Reading
from flows.ports import Claim, Ledger

POLL_SECONDS = 2.0


class Starter:
    """Switches one host on, for one claim."""

    def __init__(self, path: FencePath, *, claim: Claim, ledger: Ledger, clock: Clock) -> None:
        self._path = path
        self._claim = claim
        self._ledger = ledger
        self._clock = clock
        self._silent: list[FenceDevice] = []
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
        """Ask every device that does not read ON; then those again that had no power to answer."""
        for device in self._path.devices:
            self._switch(device)
        if self.asked:
            self._wake()
        left = readings.read_all(self._path.devices, self._clock)
        self.on = readings.any_on(left)

    def _switch(self, device: FenceDevice) -> None:
        before = readings.read(device, self._clock)
        if before.state is PowerState.ON:
            return
        if device.power_on is PowerOn.NEVER:
            self._not_ours.append(before)
            return
        observed = {
            'power': before.state.value,
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
            if isinstance(error, Unreachable):
                self._silent.append(device)
        else:
            self.asked += 1

    def _wake(self) -> None:
        """A controller comes back after the outlet that feeds it, when it has booted (H3)."""
        waiting, self._silent = self._silent, []
        began = self._clock.elapsed()
        while waiting:
            self._claim.check()
            self._clock.wait(None, POLL_SECONDS)
            now = self._clock.elapsed() - began
            awake = [one for one in waiting if not readings.read(one, self._clock).error]
            for device in awake:
                self._switch(device)
            waiting = [one for one in waiting if one not in awake and now < one.off_timeout]
