"""Taking over from Masakari, typed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from recovery.db import members
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
