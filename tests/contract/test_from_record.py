"""A controller whose record is wrong: Ironic says "power off" of a host that is on (S2, S3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests

from drivers.contracts.fencing import FencePath, PowerState
from drivers.fencing.ironic import IronicFencing
from drivers.inventory.file import FileInventory
from drivers.simulated.app import App, clouds_yaml
from drivers.simulated.clock import VirtualClock
from drivers.simulated.transport import mount
from drivers.simulated.world import World, small_world
from flows.fencing.levels import Fencer
from flows.ports import Claim, Ledger, Line

HOST = 'compute-01'


class Granted:
    """A claim and a ledger that allow everything."""

    def check(self) -> None:
        pass

    @contextmanager
    def act(self, action: str, target: str, *, within: float, **_: Any) -> Iterator[Any]:
        yield SimpleNamespace(timeout=within, read_back=lambda outcome: None)

    def event(self, what: str, why: str = '') -> None:
        pass


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    clock = VirtualClock()
    yield clock
    clock.close()


@pytest.fixture
def world(clock: VirtualClock) -> World:
    return small_world(clock, 2, 0)


@pytest.fixture
def path(clock: VirtualClock, world: World, tmp_path: Path) -> FencePath:
    """The host's, as an inventory makes it, the driver in front of the simulated Ironic."""
    app = App(world)
    (tmp_path / 'clouds.yaml').write_text(clouds_yaml())

    class Mounted(IronicFencing):
        @classmethod
        def build(cls, settings: Any) -> Mounted:
            def here(session: requests.Session) -> None:
                mount(session, app, clock)

            return cls(settings, mount=here, clock=clock)

    (tmp_path / 'fencing.yaml').write_text(
        f'hosts: {{{HOST}: [[{{driver: ironic, address: simulated, system: {HOST}, '
        f'clouds_file: {tmp_path}/clouds.yaml, off_timeout: 20}}]]}}'
    )
    return FileInventory(tmp_path / 'fencing.yaml', {'ironic': Mounted}).path(HOST)


@pytest.fixture
def fence(clock: VirtualClock, path: FencePath) -> Callable[[], bool]:
    """Fences the host; whether a level passed."""

    def fence() -> bool:
        granted = Granted()
        fencer = Fencer(
            path,
            claim=cast(Claim, granted),
            ledger=cast(Ledger, granted),
            clock=clock,
            line=lambda: cast(Line, None),
            poll_seconds=0.5,
        )
        return fencer.fence() is not None

    return fence


def test_a_record_that_is_wrong_is_no_proof(
    world: World, path: FencePath, fence: Callable[[], bool]
) -> None:
    world.hosts[HOST].node_record = 'off'
    (device,) = path.devices
    assert device.driver.power_state(timeout=5) is PowerState.OFF  # so it says
    assert world.hosts[HOST].powered
    assert fence()
    assert not world.hosts[HOST].powered
    assert world.faults.counts()['bmc.power-off'] == 1


@pytest.mark.parametrize('effect', ['error', 'refuse', 'drop', 'hang'])
def test_a_record_is_no_proof_where_nobody_looks(
    world: World, fence: Callable[[], bool], effect: str
) -> None:
    world.hosts[HOST].node_record = 'off'
    world.faults.add('bmc.power-off', effect)
    assert not fence()
    assert world.hosts[HOST].powered
