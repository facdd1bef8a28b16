"""The daemon: a real process that is asked, is stopped while it answers, and refuses."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from pathlib import Path

import pytest

from drivers.clock import SystemClock
from recovery.api import rooms
from recovery.conf.reading import BadOptions
from recovery.db import tables
from recovery.service.api import Api
from tests.unit.recovery.api import asking
from tests.unit.recovery.service import test_main
from tests.unit.recovery.service.test_main import Daemon

CLOCK = SystemClock()
BOTH = test_main.CODE
LAB = '[api]\nauth = noauth\nlisten = 127.0.0.1:0\n'


@pytest.fixture(autouse=True)
def _code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_main, 'CODE', 'from recovery.service.main import api\n')


def port(daemon: Daemon) -> int:
    found = re.search(r'the API is at http://127\.0\.0\.1:(\d+)/', daemon.hear('the API is at'))
    assert found
    return int(found[1])


def get(number: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection('127.0.0.1', number, timeout=30)
    try:
        connection.request('GET', path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_it_answers_is_seen_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    with Daemon(tmp_path / 'api', 'api', options=LAB) as daemon:
        number = port(daemon)
        assert get(number, '/healthcheck') == (200, 'OK\n')
        daemon.until_seen()
        with daemon.store.read() as connection:
            (row,) = connection.execute(tables.worker.select()).mappings()
        assert row['kind'] == 'api'
        daemon.reload()
        daemon.hear('the configuration is ')  # not reloaded, for want of an inventory: it goes on
        # A connection that was left open keeps nobody.
        idle = socket.create_connection(('127.0.0.1', number))
        code, said = daemon.end()
        idle.close()
        assert (code, 'Traceback' in said) == (0, False), said
        assert daemon.seen() == []


def test_standalone_answers_too_when_it_is_told_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_main, 'CODE', BOTH)
    with Daemon(tmp_path / 'both', 'both', options=LAB) as daemon:
        assert get(port(daemon), '/healthcheck') == (200, 'OK\n')
        daemon.until_seen()
        code, said = daemon.end()
        assert (code, 'Traceback' in said) == (0, False), said


def test_without_authentication_it_does_not_listen_to_the_world(tmp_path: Path) -> None:
    with Daemon(
        tmp_path / 'api', 'api', options='[api]\nauth = noauth\nlisten = 0.0.0.0:0\n'
    ) as it:
        said, _ = it._process.communicate(timeout=60)
        assert it._process.returncode == 2
        assert '[api] auth = noauth lets everybody in' in said
        assert 'Traceback' not in said


def test_a_port_that_is_taken_is_said_and_tried_again(tmp_path: Path) -> None:
    with socket.create_server(('127.0.0.1', 0)) as taken:
        options = f'[api]\nauth = noauth\nlisten = 127.0.0.1:{taken.getsockname()[1]}\n'
        with Daemon(tmp_path / 'api', 'api', options=options) as daemon:
            daemon.hear('no API at 127.0.0.1')
            assert daemon.end()[0] == 0


def test_what_was_begun_is_answered_before_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, stop = threading.Event(), threading.Event(), threading.Event()

    def slow() -> dict[str, bool]:
        begun.set()
        CLOCK.wait(go, 20)
        return {'done': True}

    monkeypatch.setattr(rooms, 'ROOMS', (asking.room(('GET', '/v1/slow', slow)),))
    with socket.create_server(('127.0.0.1', 0)) as probe:
        number = probe.getsockname()[1]
    here = asking.site(tmp_path, CLOCK, listen=f'127.0.0.1:{number}')
    ended = CLOCK.spawn('api', lambda: Api(here).run(stop))
    answers: list[tuple[int, str]] = []
    while not answers:
        try:
            answers.append(get(number, '/healthcheck'))
        except ConnectionRefusedError:
            CLOCK.wait(ended, 0.05)
    long = http.client.HTTPConnection('127.0.0.1', number, timeout=30)
    long.request('POST', '/v1/slow', b'x' * 2_000_000)
    assert long.getresponse().status == 405, 'nobody reads what no route takes'
    long.close()
    asked = CLOCK.spawn('client', lambda: answers.append(get(number, '/v1/slow')))
    assert CLOCK.wait(begun, 20)
    stop.set()
    assert not CLOCK.wait(ended, 0.8), 'it answers what it has begun'
    with pytest.raises(ConnectionRefusedError):
        get(number, '/healthcheck')
    go.set()
    assert CLOCK.wait(asked, 20)
    assert CLOCK.wait(ended, 20)
    assert answers[1:] == [(200, '{"done":true}\n')]
    here.store.close()


def test_by_itself_it_has_the_port_of_masakari(tmp_path: Path) -> None:
    here = asking.site(tmp_path)
    assert Api(here)._listen == '127.0.0.1:15868'
    here.conf.set_override('listen', '192.0.2.7:15868', 'api')
    with pytest.raises(BadOptions):
        Api(here)
    here.store.close()
