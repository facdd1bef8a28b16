"""Two replicas of the API on one database: whichever is asked, it is the same site."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from drivers.simulated.app import App
from drivers.simulated.server import Server
from drivers.simulated.world import small_world
from recovery.db import upgrade
from recovery.db.store import Store
from tests.crash.scenery import SECONDS, SETTINGS, furnish
from tests.databases import KINDS, database
from tests.integration.shared import CLOCK, free_address, until

HOSTS = ('compute-01', 'compute-02', 'compute-03')
TIMES = 4  #: that each replica is told of each host, by as many senders at once


@pytest.fixture(params=KINDS)
def replicas(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Their addresses."""
    addresses = free_address(), free_address()
    with ExitStack() as stack:
        url = stack.enter_context(database(request.param, tmp_path))
        store = Store(url, CLOCK)
        upgrade.upgrade(store)
        store.close()
        server = Server(App(small_world(CLOCK, 4, 4, SETTINGS, seed=1)), CLOCK, ('127.0.0.1', 0))
        served = server.start()
        stack.callback(partial(CLOCK.wait, served, 10))
        stack.callback(server.stop)
        conf = {'api.auth': 'noauth', 'database.connection': url}
        file = furnish(tmp_path, server.url, conf)
        for number, address in enumerate(addresses):
            own = tmp_path / f'replica-{number}.conf'
            own.write_text(f'[api]\nlisten = {address}\n')
            with (tmp_path / f'replica-{number}.log').open('wb') as log:
                process = subprocess.Popen(
                    [Path(sys.executable).with_name('recovery-api'),
                     '--config-file', file, '--config-file', own],
                    stdout=log, stderr=subprocess.STDOUT,
                )  # fmt: skip
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
        for address in addresses:
            until(f'{address} answers', partial(_healthy, address), SECONDS)
        yield addresses


def ask(address: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Raises OSError when nobody answers."""
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        headers = {'Content-Type': 'application/json'}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def _healthy(address: str) -> bool:
    try:
        return ask(address, 'GET', '/recovery/v1/recoveries')[0] == 200
    except OSError:
        return False


def test_the_same_alarms_to_both_at_once_are_one_recovery_each(
    replicas: tuple[str, str],
) -> None:
    at = datetime.fromtimestamp(CLOCK.now(), UTC).isoformat()
    answers: list[tuple[int, Any]] = []

    def send(address: str) -> None:
        for host in HOSTS:
            body = {'kind': 'host-down', 'subject': host, 'at': at, 'key': host}
            answers.append(ask(address, 'POST', '/recovery/v1/alarms', body))

    ended = [CLOCK.spawn('sender', partial(send, one)) for one in replicas for _ in range(TIMES)]
    assert all(CLOCK.wait(one, 120) for one in ended)
    assert [status for status, _ in answers] == [202] * (2 * TIMES * len(HOSTS))
    found = {one: _read(one) for one in replicas}
    assert found[replicas[0]] == found[replicas[1]]
    recoveries, alarms = found[replicas[0]]
    assert sorted(one['host'] for one in recoveries) == sorted(HOSTS)
    assert len(alarms) == len(HOSTS)
    named = {one['id'] for one in recoveries}
    assert {said['recovery'] for _, said in answers} == named


def _read(address: str) -> tuple[list[Any], list[Any]]:
    """Recoveries and alarms, without what counts the seconds until they are looked at again."""
    recoveries = ask(address, 'GET', '/recovery/v1/recoveries')[1]['recoveries']
    alarms = ask(address, 'GET', '/recovery/v1/alarms')[1]['alarms']
    stays = ('id', 'kind', 'host', 'state', 'code', 'round', 'created_at')
    return [{name: one[name] for name in stays} for one in recoveries], alarms
