"""Real threads on a real database: many senders, one recovery."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from drivers.clock import SystemClock
from drivers.compute.nova import NovaCompute
from drivers.contracts.alarms import Alarm
from drivers.simulated import bmc
from drivers.simulated.app import App
from drivers.simulated.transport import mount
from drivers.simulated.world import small_world
from recovery import plugins
from recovery.db.store import Store
from recovery.db.tables import META, recovery
from recovery.intake import Outcome, receive
from recovery.site import Site
from tests.databases import KINDS, database, opened

SENDERS = 10


def open_site(conf: cfg.ConfigOpts, store: Store, folder: Path) -> Site:
    clock = store.clock
    world = small_world(clock, hosts=4, instances=4)
    bmc.attach(world)
    app = App(world)

    def compute() -> NovaCompute:
        return NovaCompute(
            client_config_file=str(folder / 'clouds.yaml'),
            cloud='simulated',
            clock=clock,
            mount=lambda session: mount(session, app, clock),
        )

    return Site(
        conf=conf,
        clock=clock,
        store=store,
        identity=plugins.identify(conf, 'cli', clock),
        compute=compute,
        inventory=lambda: plugins.open_inventory(conf),
    )


@pytest.mark.parametrize('one_key', [True, False], ids=['one-alarm', 'many-alarms'])
@pytest.mark.parametrize('kind', KINDS)
def test_many_senders(kind: str, one_key: bool, conf: cfg.ConfigOpts, tmp_path: Path) -> None:
    conf.set_override('down_seconds', 0.0, 'policy')
    found: list[Outcome] = []
    with database(kind, tmp_path) as url, opened(url, SystemClock()) as store:
        META.create_all(store.engine)
        site = open_site(conf, store, tmp_path)

        def send(number: int) -> Any:
            key = 'k' if one_key else f'k{number}'
            at = site.clock.now()
            return lambda: found.append(
                receive(site, Alarm('test', key, 'host-down', 'compute-01', at))
            )

        ended = [site.clock.spawn(f's{number}', send(number)) for number in range(SENDERS)]
        assert all(site.clock.wait(one, 60.0) for one in ended)
        with store.read() as connection:
            (row,) = connection.execute(sa.select(recovery)).mappings().all()
    bmc.attach(None)
    assert len(found) == SENDERS
    assert {one.recovery for one in found} == {row['id']}
    admitted = SENDERS if one_key else 1
    assert [one.answer for one in found].count('admit') == admitted
