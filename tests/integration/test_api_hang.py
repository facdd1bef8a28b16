"""A Nova that takes connections and never answers keeps one thread of the API, and no alarm."""

from __future__ import annotations

import http.client
import json
import logging
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from drivers.clock import SystemClock
from drivers.simulated.app import App
from drivers.simulated.server import Server
from drivers.simulated.world import World, small_world
from recovery import conf as groups
from recovery import plugins
from recovery.db import recoveries
from recovery.intake import crowd
from recovery.service.api import Api
from recovery.site import Site
from tests.crash.scenery import DATABASE, SETTINGS, furnish, until
from tests.unit.recovery.claims.scene import empty

CLOCK = SystemClock()
ASKING = 30  #: requests at once; the API has 16 threads


@pytest.fixture
def world() -> World:
    return small_world(CLOCK, 4, 4, SETTINGS, seed=1)


@pytest.fixture
def site(world: World, tmp_path: Path) -> Iterator[Site]:
    server = Server(App(world), CLOCK, ('127.0.0.1', 0))
    served = server.start()
    (tmp_path / DATABASE).write_bytes(empty())
    file = furnish(
        tmp_path, server.url,
        {'api.auth': 'noauth', 'api.listen': '127.0.0.1:0', 'api.stop_seconds': 1.0,
         'compute.read_seconds': 60.0},
    )  # fmt: skip
    conf = cfg.ConfigOpts()
    groups.register(conf)
    conf([], default_config_files=[str(file)], default_config_dirs=[])
    here = plugins.open_site(conf, CLOCK, kind='api')
    yield here
    server.stop()
    CLOCK.wait(served, 10)
    here.store.close()


@pytest.fixture
def port(site: Site, caplog: pytest.LogCaptureFixture) -> Iterator[int]:
    stop = threading.Event()
    with caplog.at_level(logging.INFO):
        ended = CLOCK.spawn('api', lambda: Api(site).run(stop))
        until(lambda: 'the API is at' in caplog.text, 'the API listens', 30)
    found = re.search(r'http://127\.0\.0\.1:(\d+)/', caplog.text)
    assert found
    yield int(found[1])
    stop.set()
    assert CLOCK.wait(ended, 30)


def ask(port: int, method: str, path: str, body: Any = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=90)
    try:
        headers = {'Content-Type': 'application/json'}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_reads_and_alarms_are_answered_while_nova_is_not_heard_of(
    site: Site, port: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, 'PATIENCE_SECONDS', 1.0)
    assert ask(port, 'GET', '/recovery/v1/hosts')[0] == 200  # signed in
    with world:
        before = len(world.faults.requests)
        world.faults.add('nova.*', 'hang')
    answers: list[tuple[int, str]] = []

    def send() -> None:
        answers.append(ask(port, 'GET', '/recovery/v1/hosts/compute-01'))

    ended = [CLOCK.spawn(f'asks-{number}', send) for number in range(ASKING)]
    until(lambda: len(answers) == ASKING - 1, 'all but one are answered', 50)
    # More of them come, and find it known.
    assert ask(port, 'GET', '/recovery/v1/hosts/compute-02')[0] == 503
    assert ask(port, 'GET', '/healthcheck') == (200, 'OK\n')
    assert ask(port, 'GET', '/recovery/v1/recoveries')[0] == 200
    at = datetime.fromtimestamp(CLOCK.now(), UTC).isoformat()
    body = {'kind': 'host-down', 'subject': 'compute-01', 'at': at}
    status, said = ask(port, 'POST', '/recovery/v1/alarms', body)
    assert (status, json.loads(said)['answer']) == (202, 'hold')
    with site.store.read() as connection:
        assert recoveries.blocking(connection, 'host-down', 'compute-01') is not None
    with world:
        asked = [one.kind for one in world.faults.requests[before:]]
    assert asked == ['nova.services']
    assert [status for status, _ in answers] == [503] * (ASKING - 1)
    assert all('has not answered another request' in said for _, said in answers)
    assert [one.is_set() for one in ended].count(False) == 1, 'it still waits for its answer'
