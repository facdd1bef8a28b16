"""Members as an operator changes them; through HTTP they are asked in api/masakari."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from recovery.db import events, hosts, recoveries, tables
from recovery.operate.members import NoService, change, create, remove
from recovery.operate.refusal import Nothing, Refusal
from recovery.operate.segments import create as make_segment
from recovery.site import Site
from tests.unit.recovery.intake.conftest import app, clock, conf, site, store, world

__all__ = ['app', 'clock', 'conf', 'site', 'store', 'world']
FIELDS = {'name': 'compute-01', 'type': None, 'control_attributes': None}


@pytest.fixture
def rack(site: Site) -> str:
    fields = {'name': 'r1', 'recovery_method': 'auto', 'service_type': 'x'}
    return make_segment(site.store, fields, by='ann').uuid


def test_made_changed_taken_out_and_told(site: Site, rack: str) -> None:
    made = create(site, rack, FIELDS | {'reserved': True, 'on_maintenance': True}, by='ann')
    assert made.on_maintenance
    change(site, rack, made.uuid, {'type': 'x', 'on_maintenance': False}, by='bob', reason='done')
    remove(site, rack, made.uuid, by='eve')
    with site.store.read() as connection:
        told = [(row['who'], row['what'], row['why']) for row in events.newest(connection, 5)]
    assert told == [
        ('eve', 'took host compute-01 out of segment r1', ''),
        ('bob', 'ended the maintenance of host compute-01', 'done'),
        ('bob', 'changed host compute-01 of segment r1: type is x', 'done'),
        ('ann', 'set host compute-01 to maintenance', 'set through the Instance HA API'),
        ('ann', 'made host compute-01 a member of segment r1, reserved', ''),
    ]


def test_what_nova_does_not_know_is_no_host(site: Site, rack: str) -> None:
    with pytest.raises(NoService, match='compute-99 could not be found'):
        create(site, rack, FIELDS | {'name': 'compute-99'}, by='ann')
    with pytest.raises(Nothing):
        create(site, 'no-uuid', FIELDS, by='ann')
    create(site, rack, FIELDS, by='ann')
    with pytest.raises(Refusal, match='exists already'):
        create(site, rack, FIELDS, by='ann')


def test_what_may_be_a_secret_is_not_told(site: Site, rack: str) -> None:
    made = create(site, rack, FIELDS, by='ann')
    change(site, rack, made.uuid, {'control_attributes': 'ipmi root calvin'}, by='bob')
    with site.store.read() as connection:
        told = events.newest(connection, 1)[0]['what']
    assert told == 'changed host compute-01 of segment r1: control_attributes changed'


def test_our_mark_goes_with_the_maintenance(site: Site, rack: str) -> None:
    made = create(site, rack, FIELDS, by='ann')
    with site.store.write() as connection:
        hosts.put(connection, 'compute-01', failed_by='f' * 36)
    assert not change(site, rack, made.uuid, {'on_maintenance': False}, by='bob').on_maintenance
    with site.store.read() as connection:
        assert hosts.get(connection, 'compute-01').failed_by is None
        assert 'took the mark of recovery ffffffff off' in events.newest(connection, 1)[0]['what']


def waits(site: Site, host: str, code: str) -> None:
    name = site.clock.new_id()
    fresh = recoveries.Fresh(
        id=name, kind='host-down', subject=host, host=host, state='ready', reason='',
        requested_by='ann', arguments={}, created_at=site.clock.now(),
    )  # fmt: skip
    with site.store.write() as connection:
        recoveries.create(connection, fresh)
        mine = tables.recovery.c.id == name
        values = {'state': 'waiting', 'code': code}
        connection.execute(sa.update(tables.recovery).where(mine).values(values))


def test_the_reserved_host_that_is_waited_for_may_be_registered(site: Site, rack: str) -> None:
    create(site, rack, FIELDS, by='ann')
    other = create(site, rack, FIELDS | {'name': 'compute-02'}, by='ann')
    waits(site, 'compute-01', 'no-spare')
    assert change(site, rack, other.uuid, {'reserved': True}, by='bob').reserved
    for more in ({'reserved': False}, {'reserved': True, 'type': 'x'}, {'on_maintenance': True}):
        with pytest.raises(Refusal, match='in use'):
            change(site, rack, other.uuid, more, by='bob')


@pytest.mark.parametrize(
    ('failed', 'code'), [('compute-01', 'held'), ('compute-02', 'no-spare')], ids=['other', 'own']
)
def test_it_is_waited_for_and_well(site: Site, rack: str, failed: str, code: str) -> None:
    create(site, rack, FIELDS, by='ann')
    other = create(site, rack, FIELDS | {'name': 'compute-02'}, by='ann')
    waits(site, failed, code)
    with pytest.raises(Refusal, match='in use'):
        change(site, rack, other.uuid, {'reserved': True}, by='bob')
