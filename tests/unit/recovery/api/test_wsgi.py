"""The module for other servers: made by the first request, once in each process."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client

from drivers.clock import SystemClock
from flows.stop import StoreAway
from recovery.api import wsgi
from recovery.db import upgrade
from recovery.db.store import Store
from recovery.view.workers import workers
from tests.unit.recovery.claims.scene import empty

CONF = '[database]\nconnection = sqlite:///{folder}/recovery.sqlite\n[api]\nauth = {auth}\n'


@pytest.fixture
def ends() -> Iterator[list[Callable[[], None]]]:
    """What the process would do at its end."""
    found: list[Callable[[], None]] = []
    yield found
    for end in found:
        end()


@pytest.fixture
def late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: list[Callable[[], None]]
) -> wsgi.Late:
    (tmp_path / 'recovery.sqlite').write_bytes(empty())
    (tmp_path / 'recovery.conf').write_text(CONF.format(folder=tmp_path, auth='noauth'))
    monkeypatch.setenv(wsgi.VARIABLE, str(tmp_path / 'recovery.conf'))
    monkeypatch.setattr('oslo_log.log.setup', lambda *_: None)  # the runner has a log of its own
    monkeypatch.setattr('atexit.register', ends.append)
    return wsgi.Late()


def test_it_answers_with_the_configuration_of_the_environment(late: wsgi.Late) -> None:
    client = Client(late)
    assert client.get('/healthcheck').text == 'OK\n'
    made = late._make()
    assert client.get('/healthcheck').status_code == 200
    assert late._make() is made


def test_what_is_misspelt_is_said(
    late: wsgi.Late, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (tmp_path / 'recovery.conf').open('a') as file:
        file.write('listn = 127.0.0.1:1\n')
    late._make()
    assert '[api] has no option listn, so that it is not read: is listen meant?' in caplog.text


def test_a_copy_of_the_process_makes_its_own(
    late: wsgi.Late, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = late._make()
    monkeypatch.setattr(os, 'getpid', lambda: 1)
    assert late._make() is not made


def test_what_cannot_be_used_is_said_once_and_tried_again(
    late: wsgi.Late, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / 'recovery.conf').write_text(CONF.format(folder=tmp_path, auth='password'))
    client = Client(late)
    answer = client.get('/healthcheck')
    assert (answer.status_code, answer.text) == (503, 'CANNOT START\n')
    answer = client.post('/alarms/zabbix')
    assert (answer.status_code, answer.headers['Retry-After']) == (503, '5')
    fault = json.loads(answer.text)['serviceUnavailable']
    assert fault == {'code': 503, 'message': wsgi.SENTENCES[wsgi.UNFIT]}
    assert caplog.text.count('[api] auth: Valid values are [keystone, noauth]') == 1

    (tmp_path / 'recovery.conf').write_text(CONF.format(folder=tmp_path, auth='noauth'))
    (tmp_path / 'recovery.sqlite').write_bytes(b'')
    assert client.get('/healthcheck').text == 'CANNOT START\n'
    assert 'recovery db upgrade' in caplog.text
    (tmp_path / 'recovery.sqlite').write_bytes(empty())
    assert client.get('/healthcheck').text == 'OK\n'


def test_a_database_that_is_away_is_waited_for(
    late: wsgi.Late, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(_store: Store) -> None:
        raise StoreAway('the server has gone')

    with monkeypatch.context() as patch:
        patch.setattr(upgrade, 'refuse_stale', away)
        answer = Client(late).get('/healthcheck')
        assert (answer.status_code, answer.text) == (503, 'DATABASE AWAY\n')
    assert 'the server has gone' in caplog.text
    assert Client(late).get('/healthcheck').text == 'OK\n'


def test_nobody_waits_long_for_another_request_that_makes_it(
    late: wsgi.Late, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wsgi, 'PATIENCE_SECONDS', 0.01)
    with late._lock:
        answer = Client(late).get('/recovery/v1/recoveries')
    assert answer.status_code == 503
    assert wsgi.SENTENCES[wsgi.BUSY] in answer.text


def test_a_process_that_ends_is_not_missed(
    late: wsgi.Late, tmp_path: Path, ends: list[Callable[[], None]]
) -> None:
    Client(late).get('/healthcheck')
    store = Store(f'sqlite:///{tmp_path}/recovery.sqlite', clock := SystemClock())
    until = clock.elapsed() + 20
    while not workers(store):
        assert clock.elapsed() < until
        clock.wait(None, 0.01)
    ends.pop()()
    assert workers(store) == []
    store.close()


def test_there_is_one_for_servers_to_import() -> None:
    assert callable(wsgi.application)
