"""/healthcheck tells whether this process can answer, and is never a filter over other URLs."""

from __future__ import annotations

from pathlib import Path

import pytest

from recovery.api import rooms
from recovery.db.store import Store
from tests.unit.recovery.api import asking
from tests.unit.recovery.api.conftest import Make

AWAY = 'mysql+pymysql://me:secret@127.0.0.1:1/recovery'


def test_with_a_database_all_is_well(make: Make) -> None:
    answer = asking.whole(make()).get('/healthcheck')
    assert (answer.status_code, answer.text) == (200, 'OK\n')
    assert answer.headers['Cache-Control'] == 'no-store'


def test_it_answers_no_other_url(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, 'ROOMS', ())
    client = asking.whole(make())
    assert client.get('/healthcheck/more').status_code == 404
    assert client.get('/v1/nothing').status_code == 404


def test_with_the_database_away_it_says_so_and_nothing_more(make: Make) -> None:
    here = make()
    here.store.close()
    here.store = Store(AWAY, here.clock, busy_seconds=1.0)
    answer = asking.whole(here).get('/healthcheck')
    assert (answer.status_code, answer.text) == (503, 'DATABASE AWAY\n')


def test_a_database_without_tables_is_none(make: Make, tmp_path: Path) -> None:
    here = make()
    here.store.close()
    here.store = Store(f'sqlite:///{tmp_path}/empty.sqlite', here.clock)
    answer = asking.whole(here).get('/healthcheck')
    assert (answer.status_code, answer.text) == (503, 'DATABASE WITHOUT TABLES\n')


def test_a_file_takes_it_out_of_service_and_back(make: Make, tmp_path: Path) -> None:
    file = tmp_path / 'disable'
    client = asking.whole(make(disable_by_file=str(file)))
    assert client.get('/healthcheck').status_code == 200
    file.touch()
    answer = client.get('/healthcheck')
    assert (answer.status_code, answer.text) == (503, 'DISABLED BY FILE\n')
    file.unlink()
    assert client.get('/healthcheck').status_code == 200
