"""A device that answers what it is told to, and a clock that is moved by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from drivers.contracts import clock as contract
from drivers.contracts.errors import Refused, Unreachable
from drivers.contracts.fencing import FenceDevice, FencingDriver, PowerState


class Clock(contract.Clock):
    """Time passes only in waits, and by hand."""

    def __init__(self) -> None:
        self.time = 0.0

    def pass_(self, seconds: float) -> None:
        self.time += seconds

    def now(self) -> float:
        return 1_800_000_000.0 + self.time

    def elapsed(self) -> float:
        return self.time

    def wait(self, event: threading.Event | None, seconds: float | None = None) -> bool:
        assert seconds is not None
        self.time += max(0.0, seconds)
        return event is not None and event.is_set()

    def spawn(self, name: str, run: Callable[[], None]) -> threading.Event:
        raise NotImplementedError(name)

    def new_id(self) -> str:
        raise NotImplementedError

    def new_token(self) -> str:
        raise NotImplementedError


class Device(FencingDriver):
    """Answers its readings one after the other, the last one for ever.

    :param readings: 'on', 'off', 'unknown', 'away' or 'refused'.
    :param seconds: how long each answer takes.
    """

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, clock: Clock, *readings: str, seconds: float = 0.0, takes: str = '') -> None:
        self.clock = clock
        self.readings = list(readings)
        self.seconds = seconds
        self.takes = takes  #: 'away' or 'refused' for what becomes of a request
        self.asked_at: list[float] = []
        self.requests: list[str] = []

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        raise NotImplementedError

    def power_state(self, *, timeout: float) -> PowerState:
        self.asked_at.append(self.clock.time)
        self.clock.pass_(self.seconds)
        said = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        self._raise(said)
        return PowerState(said)

    def power_off(self, *, timeout: float) -> None:
        self.requests.append('off')
        self._raise(self.takes)

    def power_on(self, *, timeout: float) -> None:
        self.requests.append('on')
        self._raise(self.takes)

    def identity(self, *, timeout: float) -> str | None:
        return None

    @staticmethod
    def _raise(said: str) -> None:
        if said == 'away':
            raise Unreachable('no answer')
        if said == 'refused':
            raise Refused('not now')


def device(driver: Device, name: str = 'bmc', off_timeout: float = 20.0) -> FenceDevice:
    """It, in a fence path."""
    return FenceDevice(
        name=name,
        driver=driver,
        address=f'sim://{name}',
        off_timeout=off_timeout,
        request_timeout=15.0,
    )
