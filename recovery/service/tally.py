"""Numbers of this process alone: what it claimed and lost, and what it asked of devices."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from drivers.contracts.clock import Clock
from drivers.contracts.errors import DriverError, Refused
from drivers.contracts.fencing import FenceDevice, FencePath, FencingDriver, PowerState
from flows.stop import ClaimLost, Stop
from recovery.claims.claim import Claim

T = TypeVar('T')

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0)


class Tally:
    """One per worker process. Counters begin at 0 with the process."""

    def __init__(self, clock: Clock, running: Callable[[], int]) -> None:
        self._clock = clock
        self.registry = CollectorRegistry()
        held = Gauge('recovery_worker_claims', 'Recoveries that this worker runs now.',
                     registry=self.registry)  # fmt: skip
        held.set_function(running)
        self._won = Counter('recovery_worker_claims_won', 'Recoveries claimed by this worker.',
                            registry=self.registry)  # fmt: skip
        self._lost = Counter(
            'recovery_worker_claims_lost',
            'Claims that ended because another process owns the recovery, or may own it.',
            registry=self.registry,
        )
        self._requests = Counter(
            'recovery_worker_device_requests',
            'Questions and requests to fencing devices, by what came back.',
            ('driver', 'request', 'result'),
            registry=self.registry,
        )
        self._seconds = Histogram(
            'recovery_worker_device_seconds',
            'How long fencing devices took to answer, or not to.',
            ('driver', 'request'),
            buckets=SECONDS,
            registry=self.registry,
        )

    def won(self) -> None:
        """A recovery was claimed."""
        self._won.inc()

    def ended(self, claim: Claim) -> None:
        """A run ended, in whatever way."""
        try:
            claim.check()
        except ClaimLost:
            self._lost.inc()
        except Stop:
            return

    def counted(self, path: FencePath) -> FencePath:
        """The same path; what its devices are asked is counted."""
        return dataclasses.replace(
            path,
            levels=tuple(
                dataclasses.replace(
                    level, devices=tuple(self._counted(device) for device in level.devices)
                )
                for level in path.levels
            ),
        )

    def _counted(self, device: FenceDevice) -> FenceDevice:
        return dataclasses.replace(device, driver=_Counted(device.driver, device.kind, self))

    def ask(self, driver: str, request: str, call: Callable[[], T]) -> T:
        """Make one call to a device, and count it."""
        began, result = self._clock.elapsed(), 'failed'
        try:
            answer = call()
            result = answer.value if isinstance(answer, PowerState) else 'answered'
            return answer
        except Refused:
            result = 'refused'
            raise
        except DriverError:
            result = 'unanswered'
            raise
        finally:
            self._requests.labels(driver, request, result).inc()
            self._seconds.labels(driver, request).observe(self._clock.elapsed() - began)


class _Counted(FencingDriver):
    """A driver that does what another one does."""

    def __init__(self, driver: FencingDriver, kind: str, tally: Tally) -> None:
        self._driver = driver
        self._kind = kind or 'unknown'
        self._tally = tally

    def power_state(self, *, timeout: float) -> PowerState:
        return self._tally.ask(
            self._kind, 'power-state', lambda: self._driver.power_state(timeout=timeout)
        )

    def power_off(self, *, timeout: float) -> None:
        self._tally.ask(self._kind, 'power-off', lambda: self._driver.power_off(timeout=timeout))

    def power_on(self, *, timeout: float) -> None:
        self._tally.ask(self._kind, 'power-on', lambda: self._driver.power_on(timeout=timeout))

    def identity(self, *, timeout: float) -> str | None:
        return self._tally.ask(
            self._kind, 'identity', lambda: self._driver.identity(timeout=timeout)
        )
