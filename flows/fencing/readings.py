"""What the devices of a level read, taken one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.errors import DriverError, Unreachable
from drivers.contracts.fencing import FenceDevice, PowerState


@dataclass(frozen=True)
class Reading:
    """One answer of one device, or that there was none."""

    device: str
    state: PowerState
    at: float  #: wall clock after the answer
    error: str = ''

    def as_json(self) -> dict[str, Any]:
        """The form in which a proof keeps it."""
        kept: dict[str, Any] = {'device': self.device, 'power': self.state.value, 'at': self.at}
        return kept | ({'error': self.error} if self.error else {})


def read(device: FenceDevice, clock: Clock, timeout: float | None = None) -> Reading:
    """Ask one device. Whatever goes wrong reads UNKNOWN (S2).

    :param timeout: seconds; its request_timeout when left out.
    """
    try:
        state = device.driver.power_state(timeout=timeout or device.request_timeout)
    except DriverError as error:
        return Reading(device.name, PowerState.UNKNOWN, clock.now(), str(error))
    except Exception as error:  # a driver that breaks its promise must not end the watch unseen
        why = f'{type(error).__name__}: {error}'
        return Reading(device.name, PowerState.UNKNOWN, clock.now(), why)
    return Reading(device.name, state, clock.now())


def tell(request: Callable[..., None], timeout: float) -> None:
    """Send one request to a device.

    :param request: the driver's method.
    :raises DriverError: also for a driver that breaks its promise: the outcome is unknown.
    """
    try:
        request(timeout=timeout)
    except DriverError:
        raise
    except Exception as error:
        raise Unreachable(f'{type(error).__name__}: {error}') from error


def read_all(devices: Iterable[FenceDevice], clock: Clock) -> tuple[Reading, ...]:
    """Ask each device once."""
    return tuple(read(device, clock) for device in devices)


def all_off(readings: Iterable[Reading]) -> bool:
    """Whether every device read OFF; false for none at all."""
    states = [reading.state for reading in readings]
    return bool(states) and all(state is PowerState.OFF for state in states)


def any_on(readings: Iterable[Reading]) -> bool:
    """Whether a device read ON."""
    return any(reading.state is PowerState.ON for reading in readings)


def sentence(readings: Iterable[Reading]) -> str:
    """For people: 'ipmi reads off, pdu reads unknown (no answer)'."""
    parts = [
        f'{reading.device} reads {reading.state.value}'
        + (f' ({reading.error})' if reading.error else '')
        for reading in readings
    ]
    return ', '.join(parts)
