"""A request waits for decisions for a while, and no alarm for a request."""

from __future__ import annotations

import pytest

from drivers.simulated.clock import VirtualClock
from drivers.simulated.world import World
from recovery.db import tables
from recovery.intake import again
from recovery.site import Site
from tests.unit.drivers.alarms import payloads
from tests.unit.recovery.api.webhooks.posting import (
    Post,
    alert,
    rows,
)


def test_what_takes_long_is_answered_undecided_and_decided_all_the_same(
    site: Site,
    post: Post,
    world: World,
    clock: VirtualClock,
    dead: str,
) -> None:
    world.faults.add('nova.services', 'hang')
    began = clock.elapsed()
    response = post(payloads.group(alert()))
    assert clock.elapsed() - began <= 6.0
    (one,) = response.get_json()['alarms']
    assert (response.status_code, one['answer'], one['recovery']) == (202, 'undecided', None)
    assert one['verb'] == f'recovery alarm show {one["id"][:8]}'
    world.faults.clear()
    for _ in range(4):
        clock.wait(None, 15.0)
        again.sweep(site)
    (row,) = [one for one in rows(site, tables.recovery) if one['open_key']]
    assert (row['host'], row['state']) == (dead, 'ready')


def test_an_alarm_whose_process_died_before_it_decided_is_decided_by_the_watcher(
    site: Site, post: Post, clock: VirtualClock, dead: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr('recovery.api.webhooks.deciding.AT_ONCE', 0)
    (one,) = post(payloads.group(alert())).get_json()['alarms']
    assert one['answer'] == 'undecided'
    clock.wait(None, 20.0)
    again.sweep(site)
    assert [row['state'] for row in rows(site, tables.recovery)] == ['ready']
