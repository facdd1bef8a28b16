"""/notifications/{uuid}/vmoves: items of the recovery, as moves."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from recovery.db.tables import item, recovery
from recovery.site import Site
from tests.unit.recovery.api.masakari.conftest import Masakari
from tests.unit.recovery.api.masakari.test_notifications import PATH, body, post, rows

STATES = {
    'pending': 'pending', 'started': 'ongoing', 'moved': 'succeeded', 'left': 'ignored',
    'failed': 'failed', 'unsettled': 'ongoing',
}  # fmt: skip


@pytest.fixture
def made(ask: Masakari, site: Site, dead: str) -> dict[str, Any]:
    """A notification whose recovery has an item in each state."""
    ask.host(ask.segment()['uuid'])
    found = post(ask, body(site))
    (row,) = rows(site, recovery)
    now = site.clock.now()
    with site.store.write() as connection:
        for number, state in enumerate(STATES):
            begun = state != 'pending'
            values = {
                'recovery': row['id'], 'instance': f'{number}' * 36, 'name': f'vm-{state}',
                'source': dead, 'state': state, 'reason': '' if state == 'moved' else f'is {state}',
                'vm_state': 'active', 'keep_stopped': False, 'priority': 0, 'round': 1,
                'destination': 'compute-02' if state == 'moved' else None,
                'started_at': now if begun else None,
                'ended_at': now + 1.5 if state in ('moved', 'left', 'failed') else None,
            }  # fmt: skip
            connection.execute(sa.insert(item).values(**values))
    return found


def test_listed_and_shown(ask: Masakari, made: dict[str, Any]) -> None:
    path = f'{PATH}/{made["notification_uuid"]}/vmoves'
    moves = ask.listed(path)
    assert list(moves[0]) == [
        'id', 'uuid', 'notification_uuid', 'instance_uuid', 'instance_name', 'source_host',
        'dest_host', 'start_time', 'end_time', 'type', 'status', 'message', 'created_at',
        'updated_at', 'deleted_at', 'deleted',
    ]  # fmt: skip
    assert {one['instance_name'][3:]: one['status'] for one in moves} == STATES
    by_name = {one['instance_name']: one for one in moves}
    moved = by_name['vm-moved']
    assert (moved['source_host'], moved['dest_host']) == ('compute-01', 'compute-02')
    assert moved['type'] == 'evacuation'
    assert moved['message'] is None
    assert moved['start_time'] < moved['end_time']
    assert moved['notification_uuid'] == made['notification_uuid']
    assert by_name['vm-pending']['start_time'] is None
    assert by_name['vm-failed']['message'] == 'is failed'
    assert 'nobody can tell' in by_name['vm-unsettled']['message']
    for one in moves:
        assert ask('GET', f'{path}/{one["uuid"]}').get_json() == {'vmove': one}
    assert ask.listed(path) == moves


def test_filters_pages_and_errors(ask: Masakari, made: dict[str, Any]) -> None:
    path = f'{PATH}/{made["notification_uuid"]}/vmoves'

    def names(query: str) -> list[str]:
        return [one['instance_name'] for one in ask.listed(f'{path}?{query}')]

    assert names('status=ongoing') == ['vm-unsettled', 'vm-started']
    assert names('status=colourful') == []
    assert len(names('type=evacuation')) == 6
    assert names('type=live_migration') == []
    assert names('limit=2&marker=4') == ['vm-moved', 'vm-started']
    order = 'sort_key=status&sort_key=instance_name&sort_dir=asc&sort_dir=desc'
    assert names(order)[:3] == ['vm-failed', 'vm-left', 'vm-unsettled']
    for query in ('marker=99', 'sort_key=colour', 'limit=-1'):
        ask.refused('GET', f'{path}?{query}', status=400)


def test_unknown_ones(ask: Masakari, made: dict[str, Any], site: Site) -> None:
    path = f'{PATH}/{made["notification_uuid"]}/vmoves'
    (one, *_) = ask.listed(path)
    ask.refused('GET', f'{path}/no-uuid', status=404)
    ask.refused('GET', f'{PATH}/no-uuid/vmoves', status=404)
    ask.refused('GET', f'{PATH}/no-uuid/vmoves/{one["uuid"]}', status=404)
    # A move of another notification is not shown as one of this.
    ask.host(ask.segment('rack-2')['uuid'], 'compute-02')
    other = post(ask, body(site, hostname='compute-02'))['notification_uuid']
    assert ask.listed(f'{PATH}/{other}/vmoves') == []
    ask.refused('GET', f'{PATH}/{other}/vmoves/{one["uuid"]}', status=404)


def test_a_notification_without_a_recovery(ask: Masakari, site: Site) -> None:
    ask.host(ask.segment()['uuid'])
    found = post(ask, body(site, payload={'event': 'STARTED'}))
    path = f'{PATH}/{found["notification_uuid"]}/vmoves'
    assert ask.listed(path) == []
    ask.refused('GET', f'{path}/no-uuid', status=404)
