"""Database URLs that cannot work: a sentence each, and never a password in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from recovery.db.engines import BadDatabase, make_engine, make_url


@pytest.mark.parametrize(
    ('url', 'sentence'),
    [
        ('secret', 'is not a database URL; right would be sqlite:////var/lib'),
        ('mysql+pymysql://me:secret@host:port/x', 'is not a database URL'),
        ('', 'is not a database URL'),
        ('postgresql://me:secret@host/x', 'postgresql is not supported; give a sqlite://'),
        ('oracle://me:secret@host/x', 'oracle is not supported'),
    ],
)
def test_it_says_what_would_be_right(url: str, sentence: str) -> None:
    with pytest.raises(BadDatabase, match=sentence) as caught:
        make_url(url)
    assert 'secret' not in str(caught.value)
    assert str(caught.value).startswith('[database] connection')


def test_a_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadDatabase, match=f'no directory {tmp_path}/nowhere'):
        make_engine(make_url(f'sqlite:///{tmp_path}/nowhere/a.sqlite'), 5.0)


def test_a_missing_client_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'pymysql', None)
    with pytest.raises(BadDatabase, match=r"pip install 'openstack-recovery\[mysql\]'"):
        make_engine(make_url('mysql+pymysql://me:secret@host/recovery'), 5.0)


@pytest.mark.parametrize('url', ['sqlite://', 'sqlite:///:memory:'])
def test_sqlite_may_live_in_memory(url: str) -> None:
    with make_engine(make_url(url), 5.0).connect() as connection:
        assert connection.exec_driver_sql('SELECT 1').scalar() == 1
