"""Taking over from Masakari, typed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from recovery.db import members, tables
from tests.masakari_database import RACK_1, RACK_2, make
from tests.unit.recovery.cli.conftest import Site
from tests.unit.recovery.cli.site import Operator


@pytest.fixture
def words(tmp_path: Path) -> tuple[str, ...]:
    path = make(tmp_path / 'masakari.sqlite')
    return ('import', 'masakari', '--connection', f'sqlite:///{path}')


def test_first_it_only_says(run: Operator, words: tuple[str, ...]) -> None:
    said = run(*words, '--dry-run')
    assert said.code == 0, said.err
    assert '2 segments and 3 hosts are there; 0 are here' in said.out
    assert 'make host compute-09 a member of segment rack-1, reserved' in said.out
    assert 'nothing was written' in said.out
    assert [run.rows(table) for table in ('segment', 'member', 'event', 'host')] == [[]] * 4


def test_then_it_is_here_with_its_uuids(run: Operator, words: tuple[str, ...]) -> None:
    assert run(*words, '--yes').code == 0
    assert {row['uuid']: row['recovery_method'] for row in run.rows('segment')} == {
        RACK_1: 'auto', RACK_2: 'rh_priority',
    }  # fmt: skip
    hosts = {row['name']: row for row in run.rows('host')}
    assert hosts['compute-01']['maintenance']
    assert hosts['compute-01']['segment'] == 'rack-1'
    assert not hosts['compute-02']['maintenance']
    assert {row['name'] for row in run.rows('member') if row['reserved']} == {'compute-09'}


def test_again_changes_nothing(run: Operator, words: tuple[str, ...]) -> None:
    run(*words, '--yes')
    before = [run.rows(table) for table in ('segment', 'member', 'event', 'host', 'guard')]
    again = run(*words, '--yes')
    assert (again.code, '5 are here already' in again.out) == (0, True)
    assert [run.rows(table) for table in ('segment', 'member', 'event', 'host', 'guard')] == before


def test_hands_on_a_host_count_as_long_as_masakari_says_so(
    run: Operator, words: tuple[str, ...]
) -> None:
    run(*words, '--yes')
    assert run('host', 'maintenance', 'compute-01', 'off', '--yes', '--reason', 'up').code == 0
    said = run(*words, '--yes')
    assert 'change host compute-01 of segment rack-1: in maintenance' in said.out
    assert [row['name'] for row in run.rows('host') if row['maintenance']] == ['compute-01']


def test_a_spare_that_a_recovery_took_is_reserved_no_more(
    run: Operator, words: tuple[str, ...]
) -> None:
    run(*words, '--yes')
    with run.store.write() as connection:
        members.reserve(connection, 'compute-09', False, 2.0)
    run.add('spare', host='compute-09', recovery=run.recovery('compute-01', 'running'),
            state='taken', at=2.0, aggregates=[])  # fmt: skip
    assert '5 are here already' in run(*words, '--yes').out
    assert not any(row['reserved'] for row in run.rows('member'))


def test_a_segment_with_a_live_recovery_stays_as_it_is(
    run: Operator, words: tuple[str, ...]
) -> None:
    run(*words, '--yes')
    assert run('host', 'maintenance', 'compute-01', 'off', '--yes', '--reason', 'up').code == 0
    identifier = run.recovery('compute-01', 'held')
    with sqlite3.connect(words[-1].removeprefix('sqlite:///')) as opened:
        opened.execute("UPDATE failover_segments SET recovery_method = 'auto_priority'")
        opened.execute("UPDATE hosts SET reserved = 1 WHERE name = 'compute-02'")
        opened.execute("UPDATE hosts SET reserved = 0 WHERE name = 'compute-09'")
    before = run.rows('member')
    said = run(*words, '--yes')
    assert said.code == 1
    assert '2 changes are REFUSED' in said.out
    refused = said.out.partition('REFUSED')[2].partition('hosts are NOT protected')[0]
    assert 'change segment rack-1: recovery_method is auto_priority' in refused
    assert 'change host compute-09 of segment rack-1: reserved is False' in refused
    assert 'rack-2' not in refused
    assert f'Segment rack-1 is in use: recovery {identifier[:8]}' in refused
    assert f'next: recovery show {identifier[:8]}' in refused
    # The other segment, and hands on a host, are taken over all the same.
    assert {row['uuid']: row['recovery_method'] for row in run.rows('segment')} == {
        RACK_1: 'auto', RACK_2: 'auto_priority',
    }  # fmt: skip
    changed = {row['name'] for row, old in zip(run.rows('member'), before, strict=True)
               if row['reserved'] != old['reserved']}  # fmt: skip
    assert changed == {'compute-02'}
    assert [row['name'] for row in run.rows('host') if row['maintenance']] == ['compute-01']
    # Nothing but what is refused is left.
    again = run(*words, '--yes')
    assert (again.code, 'nothing was written' in again.out) == (1, True)
    assert run(*words, '--dry-run').code == 0


def test_a_host_is_no_new_member_of_such_a_segment(run: Operator, words: tuple[str, ...]) -> None:
    run(*words, '--yes')
    run.recovery('compute-09', 'held')
    with sqlite3.connect(words[-1].removeprefix('sqlite:///')) as opened:
        opened.execute(
            'INSERT INTO hosts (uuid, name, failover_segment_id, reserved, on_maintenance, deleted,'
            " type, control_attributes) VALUES ('new', 'compute-10', ?, 0, 0, 0, 'COMPUTE', 'SSH')",
            (RACK_1,),
        )
    said = run(*words, '--yes')
    assert (said.code, 'make host compute-10 a member of segment rack-1' in said.out) == (1, True)
    assert 'compute-10' not in {row['name'] for row in run.rows('member')}


def test_all_that_stands_in_the_way_is_named(run: Operator, words: tuple[str, ...]) -> None:
    run(*words, '--yes')
    with sqlite3.connect(words[-1].removeprefix('sqlite:///')) as opened:
        opened.execute("UPDATE failover_segments SET recovery_method = 'x' WHERE name = 'rack-2'")
        opened.execute("UPDATE hosts SET uuid = substr(uuid, 1, 35) || 'f' WHERE reserved = 0")
    before = run.rows('event')
    said = run(*words, '--dry-run')
    assert said.code == 1
    assert '3 things stand in the way:' in said.err
    assert "segment rack-2 has recovery method 'x'; there are: " in said.err
    uuids = {row['name']: (row['segment'], row['uuid']) for row in run.rows('member')}
    for host in ('compute-01', 'compute-02'):
        segment, uuid = uuids[host]
        assert f'host {host} is a member of a segment here already, as {uuid}' in said.err
        assert f'next: openstack segment host delete {segment} {uuid}' in said.err
    assert run.rows('event') == before


def test_each_host_that_is_left_unprotected(site: Site, words: tuple[str, ...]) -> None:
    with sqlite3.connect(words[-1].removeprefix('sqlite:///')) as opened:
        opened.execute("UPDATE hosts SET name = 'storage-01' WHERE name = 'compute-09'")
    said = site.run(*words, '--dry-run')
    assert said.code == 0, said.err
    for sentence in (
        'storage-01: Nova has no compute service of that name',
        'compute-01: it is on maintenance',
        'compute-02: its segment rack-2 is not enabled',
        'storage-01: no device can fence it',
    ):
        assert sentence in said.out


def test_a_password_is_not_taken_from_the_command_line(run: Operator) -> None:
    said = run('import', 'masakari', '--connection', 'mysql://masakari:hush@db/masakari')
    assert (said.code, 'the path of the masakari.conf' in said.err) == (2, True)
    assert 'hush' not in said.err


def test_what_is_left_unprotected_here_and_in_nova(site: Site, words: tuple[str, ...]) -> None:
    assert site.run(*words, '--yes').code == 0
    with sqlite3.connect(words[-1].removeprefix('sqlite:///')) as opened:
        opened.execute('UPDATE hosts SET on_maintenance = 0')
    with site.world as world:
        world.hosts['compute-02'].enabled = False
        world.hosts['compute-02'].disabled_reason = 'Masakari detected host failed.'
        world.hosts['compute-03'].forced_down = True
    with sqlite3.connect(words[-1].removeprefix('sqlite:///')) as opened:
        opened.execute("UPDATE hosts SET name = 'compute-03' WHERE name = 'compute-09'")
    said = site.run(*words, '--dry-run').out
    for sentence in (
        'compute-01: it is in maintenance here, by bob: Masakari had it on maintenance',
        'next: recovery host maintenance compute-01 off',
        'compute-02: somebody disabled its service in Nova (Masakari detected host failed.)',
        'compute-03: its service is forced down in Nova',
    ):
        assert sentence in said
    with site.world as world:
        world.hosts['compute-03'].forced_down = False
        world.hosts['compute-03'].enabled = False  # as a reserved one is
    assert 'compute-03: somebody disabled' not in site.run(*words, '--dry-run').out


def test_what_our_recovery_closed_is_returned_and_not_opened_by_hand(
    site: Site, words: tuple[str, ...]
) -> None:
    assert site.run(*words, '--yes').code == 0
    identifier = site.run.recovery('compute-02', 'done')
    with site.run.store.write() as connection:
        failed = sa.update(tables.host).where(tables.host.c.name == 'compute-02')
        connection.execute(failed.values(failed_by=identifier))
    with site.world as world:
        world.hosts['compute-02'].enabled = False
        world.hosts['compute-02'].forced_down = True
    said = site.run(*words, '--dry-run').out
    assert 'next: recovery host return compute-02' in said
    assert 'service set --up compute-02' not in said
