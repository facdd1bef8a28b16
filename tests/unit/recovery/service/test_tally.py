"""What a worker counts of itself."""

from __future__ import annotations

import threading

import pytest

from drivers.contracts.errors import DriverError, Refused, Unreachable
from drivers.contracts.fencing import FenceDevice, FenceLevel, FencePath, FencingDriver, PowerState
from drivers.simulated.clock import VirtualClock
from recovery.service.tally import Tally
from recovery.service.worker import Worker
from tests.stage import Stage
from tests.unit.recovery.claims.scene import Scene


class Slow(FencingDriver):
    """Takes two seconds for everything, and fails as it is told."""

    def __init__(self, clock: VirtualClock, error: DriverError | None = None) -> None:
        self._clock = clock
        self._error = error

    def _answer(self) -> None:
        self._clock.wait(None, 2.0)
        if self._error is not None:
            raise self._error

    def power_state(self, *, timeout: float) -> PowerState:
        self._answer()
        return PowerState.OFF

    def power_off(self, *, timeout: float) -> None:
        self._answer()

    def power_on(self, *, timeout: float) -> None:
        self._answer()

    def identity(self, *, timeout: float) -> str | None:
        self._answer()
        return 'serial'


def path(driver: FencingDriver) -> FencePath:
    return FencePath('c1', (FenceLevel(1, (FenceDevice('bmc', driver, 'h:1', kind='ipmi'),)),))


def value(tally: Tally, name: str, **labels: str) -> float | None:
    return tally.registry.get_sample_value(name, labels)


def test_each_request_by_what_came_back() -> None:
    clock = VirtualClock()
    tally = Tally(clock, lambda: 3)
    driver = tally.counted(path(Slow(clock))).levels[0].devices[0].driver
    assert driver.power_state(timeout=1.0) is PowerState.OFF
    assert driver.identity(timeout=1.0) == 'serial'
    driver.power_off(timeout=1.0)
    driver.power_on(timeout=1.0)
    name = 'recovery_worker_device_requests_total'
    assert value(tally, name, driver='ipmi', request='power-state', result='off') == 1.0
    for request in ('identity', 'power-off', 'power-on'):
        assert value(tally, name, driver='ipmi', request=request, result='answered') == 1.0
    took = 'recovery_worker_device_seconds_sum'
    assert value(tally, took, driver='ipmi', request='power-off') == 2.0
    assert value(tally, 'recovery_worker_claims') == 3.0


@pytest.mark.parametrize(
    ('error', 'result'), [(Unreachable('x'), 'unanswered'), (Refused('x'), 'refused')]
)
def test_what_fails_is_raised_as_it_was(error: DriverError, result: str) -> None:
    clock = VirtualClock()
    tally = Tally(clock, lambda: 0)
    driver = tally.counted(path(Slow(clock, error))).levels[0].devices[0].driver
    with pytest.raises(type(error)) as caught:
        driver.power_off(timeout=1.0)
    assert caught.value is error
    name = 'recovery_worker_device_requests_total'
    assert value(tally, name, driver='ipmi', request='power-off', result=result) == 1.0
    assert value(tally, name, driver='ipmi', request='power-off', result='answered') is None


def test_the_path_is_the_same_but_for_the_counting() -> None:
    clock = VirtualClock()
    before = path(Slow(clock))
    after = Tally(clock, lambda: 0).counted(before)
    (one,), (other,) = before.levels[0].devices, after.levels[0].devices
    assert (one.name, one.address, one.kind) == (other.name, other.address, other.kind)
    assert (before.host, before.levels[0].number) == (after.host, after.levels[0].number)


def test_a_lost_claim_is_counted_and_an_end_in_order_is_not(here: Scene) -> None:
    tally = Tally(here.clock, lambda: 0)
    kept, lost = here.claimed('c1'), here.claimed('c2')
    here.change(lost.recovery_id, token='x' * 32)
    here.pass_(1)
    with pytest.raises(BaseException, match='another worker'):
        lost.transact(lambda _connection: None)
    for claim in (kept, lost):
        tally.ended(claim)
    assert value(tally, 'recovery_worker_claims_lost_total') == 1.0


def test_a_worker_counts_what_it_runs(stage: Stage) -> None:
    site = stage.process('w1', 'worker')
    worker = Worker(site)
    stop = stage.stops['w1'] = threading.Event()
    stage.clock.spawn('w1', lambda: worker.run(stop))
    stage.world.lose_power('compute-01')
    stage.run(70.0)
    stage.alarm('compute-01')
    stage.until(stage.ended)
    assert value(worker.tally, 'recovery_worker_claims_won_total') == 1.0
    assert value(worker.tally, 'recovery_worker_claims_lost_total') == 0.0
    reads = value(worker.tally, 'recovery_worker_device_requests_total',
                  driver='simulated', request='power-state', result='off')  # fmt: skip
    assert reads is not None
    assert reads >= 3.0
    stage.stop('w1')
    stage.run(15.0)
