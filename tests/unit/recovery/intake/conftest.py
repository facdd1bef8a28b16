"""A site in front of a simulated cloud: real store, real openstacksdk, real inventory file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from drivers.compute.nova import NovaCompute
from drivers.contracts.alarms import Alarm
from drivers.simulated import bmc
from drivers.simulated.app import App, clouds_yaml
from drivers.simulated.clock import VirtualClock
from drivers.simulated.transport import mount
from drivers.simulated.world import World, small_world
from recovery import conf as options
from recovery import plugins
from recovery.db.store import Store
from recovery.db.tables import META
from recovery.site import Site

INVENTORY = """
patterns:
  - match: compute-*
    levels:
      - - {driver: simulated, name: bmc, address: 'sim://{host}'}
"""

Raise = Callable[..., Alarm]


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    clock = VirtualClock()
    yield clock
    clock.close()


@pytest.fixture
def world(clock: VirtualClock) -> Iterator[World]:
    world = small_world(clock, hosts=10, instances=20)
    bmc.attach(world)
    yield world
    bmc.attach(None)


@pytest.fixture
def app(world: World) -> App:
    return App(world)


@pytest.fixture
def conf(tmp_path: Path) -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    options.register(conf)
    conf([])
    (tmp_path / 'fencing.yaml').write_text(INVENTORY)
    (tmp_path / 'fencing.yaml').chmod(0o600)
    (tmp_path / 'clouds.yaml').write_text(clouds_yaml())
    conf.set_override('inventory', str(tmp_path / 'fencing.yaml'), 'fencing')
    conf.set_override('settle_seconds', 0.0, 'policy')
    return conf


@pytest.fixture
def store(tmp_path: Path, clock: VirtualClock) -> Iterator[Store]:
    store = Store(f'sqlite:///{tmp_path / "recovery.sqlite"}', clock)
    META.create_all(store.engine)
    yield store
    store.close()


@pytest.fixture
def site(conf: cfg.ConfigOpts, clock: VirtualClock, store: Store, app: App, tmp_path: Path) -> Site:
    def compute() -> NovaCompute:
        file = str(tmp_path / 'clouds.yaml')
        return NovaCompute(
            client_config_file=file,
            cloud='simulated',
            clock=clock,
            mount=lambda session: mount(session, app, clock),
        )

    return Site(
        conf=conf,
        clock=clock,
        store=store,
        identity=plugins.identify(conf, 'watcher', clock),
        compute=compute,
        inventory=lambda: plugins.open_inventory(conf),
    )


@pytest.fixture
def alarm(clock: VirtualClock) -> Raise:
    """An alarm of now about compute-01, with a key of its own."""

    def make(subject: str = 'compute-01', **more: Any) -> Alarm:
        values: dict[str, Any] = {'source': 'test', 'key': clock.new_id(), 'kind': 'host-down'}
        values |= {'at': clock.now(), 'subject': subject, 'requested_by': 'ann'}
        return Alarm(**(values | more))

    return make


@pytest.fixture
def dead(world: World, clock: VirtualClock) -> str:
    """compute-01, without power for 40 s."""
    world.lose_power('compute-01')
    clock.wait(None, 40.0)
    return 'compute-01'
