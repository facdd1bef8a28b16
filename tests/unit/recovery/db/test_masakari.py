from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from recovery.db import masakari
from recovery.db.engines import BadDatabase
from tests.masakari_database import make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make(tmp_path / 'masakari.sqlite')


def test_what_is_not_deleted_in_the_order_in_which_it_was_made(path: Path) -> None:
    found = masakari.read(f'sqlite:///{path}')
    assert [one.name for one in found.segments] == ['rack-2', 'rack-1']
    assert [(one.name, one.reserved, one.on_maintenance) for one in found.hosts] == [
        ('compute-02', False, False), ('compute-01', False, True), ('compute-09', True, False),
    ]  # fmt: skip
    assert found.segments[0].enabled is False


def test_its_own_configuration_says_where_it_is(path: Path, tmp_path: Path) -> None:
    file = tmp_path / 'masakari.conf'
    file.write_text(f'[DEFAULT]\nhost = x\nhost = y\n[database]\nconnection = sqlite:///{path}\n')
    assert masakari.read(str(file)) == masakari.read(f'sqlite:///{path}')


def test_an_older_release_has_no_enabled(path: Path) -> None:
    with sqlite3.connect(path) as opened:
        opened.execute('ALTER TABLE failover_segments DROP COLUMN enabled')
    assert all(one.enabled for one in masakari.read(f'sqlite:///{path}').segments)


@pytest.mark.parametrize(
    ('given', 'why'),
    [
        ('mysql+pymysql://masakari:hush@db/masakari', 'a password on the command line is seen'),
        ('sqlite:////nowhere/at.all', 'there is no database /nowhere/at.all'),
        ('postgresql://db/masakari', 'a database of postgresql is not known'),
        ('/nowhere/masakari.conf', '/nowhere/masakari.conf cannot be read'),
        ('://', 'holds no database URL'),
    ],
)
def test_what_cannot_be_read_is_said(given: str, why: str) -> None:
    with pytest.raises(BadDatabase) as caught:
        masakari.read(given)
    assert why in str(caught.value)
    assert 'hush' not in str(caught.value)


def test_a_configuration_without_a_database(tmp_path: Path) -> None:
    (tmp_path / 'a.conf').write_text('[DEFAULT]\n')
    with pytest.raises(BadDatabase, match=r'has no \[database\] connection'):
        masakari.read(str(tmp_path / 'a.conf'))


def test_another_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / 'a') as opened:
        opened.execute('CREATE TABLE failover_segments (id, uuid, deleted)')
    with pytest.raises(BadDatabase, match='has no name, recovery_method, service_type'):
        masakari.read(f'sqlite:///{tmp_path / "a"}')
