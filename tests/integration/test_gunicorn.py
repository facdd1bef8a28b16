"""A WSGI server that nobody here wrote, run as the guide says: two processes, an orderly end."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from drivers.simulated.app import App
from drivers.simulated.server import Server
from drivers.simulated.world import World, small_world
from recovery.db.store import Store
from recovery.view.workers import workers
from tests.crash.scenery import DATABASE, SECONDS, SETTINGS, furnish
from tests.integration.shared import CLOCK, free_address, until
from tests.unit.recovery.claims.scene import empty

TOP = Path(__file__).resolve().parents[2]
LOG = 'gunicorn.log'
TOKEN = 'a-secret-of-zabbix'
SOURCE = {'driver': 'generic', 'token': {'file': 'zabbix.token'}, 'settings': {'host': 'host'}}
SLOW = 1.0  # seconds that Nova takes, so that a request is in work when the server is told to end


@dataclass
class Gunicorn:
    address: str
    world: World
    process: subprocess.Popen[bytes]
    folder: Path
    answers: list[tuple[int, str]] = field(default_factory=list)

    def ask(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, str]:
        """Raises OSError when nobody answers."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            sent = {'Content-Type': 'application/json', **headers}
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def read(self, path: str) -> Any:
        status, text = self.ask('GET', path)
        assert status == 200, text
        return json.loads(text)

    def healthy(self) -> bool:
        try:
            return self.ask('GET', '/healthcheck') == (200, 'OK\n')
        except OSError:
            return False

    def look_later(self) -> None:
        self.answers.append(self.ask('GET', '/recovery/v1/hosts/compute-01'))


def command(file: Path, address: str) -> tuple[list[str], Mapping[str, str]]:
    """The line of the guide, with an address of ours; and the environment that it sets."""
    guide = (TOP / 'doc' / 'guide' / 'api.md').read_text()
    found = re.search(r'`(RECOVERY_CONFIG)=\S+ (gunicorn [^`]+)`', guide)
    assert found
    name, *rest = found[2].split()
    rest[rest.index('--bind') + 1] = address
    own = Path(sys.executable).with_name(name)
    return [str(own), *rest], {**os.environ, found[1]: str(file)}


@pytest.fixture
def gunicorn(tmp_path: Path) -> Iterator[Gunicorn]:
    with ExitStack() as stack:
        world = small_world(CLOCK, 4, 4, SETTINGS, seed=1)
        server = Server(App(world), CLOCK, ('127.0.0.1', 0))
        served = server.start()
        stack.callback(partial(CLOCK.wait, served, 10))
        stack.callback(server.stop)
        (tmp_path / DATABASE).write_bytes(empty())
        (tmp_path / 'zabbix.token').write_text(TOKEN)
        (tmp_path / 'sources.yaml').write_text(yaml.safe_dump({'sources': {'zabbix': SOURCE}}))
        conf = {'api.auth': 'noauth', 'sources.file': tmp_path / 'sources.yaml'}
        line, environment = command(furnish(tmp_path, server.url, conf), address := free_address())
        with (tmp_path / LOG).open('wb') as out:
            process = subprocess.Popen(
                line, env={**environment, 'HOME': str(tmp_path)}, cwd=tmp_path,
                stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        stack.callback(process.wait, 60)
        stack.callback(process.terminate)
        found = Gunicorn(address, world, process, tmp_path)
        until('gunicorn answers', found.healthy, SECONDS)
        yield found


def test_it_serves_as_the_guide_says_and_ends_when_all_is_answered(gunicorn: Gunicorn) -> None:
    def both() -> bool:
        gunicorn.healthy()  # whichever of the two takes it
        return len(gunicorn.read('/recovery/v1/workers')['workers']) == 2

    until('both processes have answered and are seen', both, SECONDS)
    assert [one['version'] for one in gunicorn.read('/')['versions']] == ['1.3']
    assert gunicorn.read('/v1/')['version']['min_version'] == '1.0'

    alarm, known = json.dumps({'host': 'compute-02'}), {'Authorization': f'Bearer {TOKEN}'}
    assert gunicorn.ask('POST', '/alarms/zabbix', alarm)[0] == 401
    assert gunicorn.ask('POST', '/alarms/zabbix', '{"host":', **known)[0] == 400
    status, text = gunicorn.ask('POST', '/alarms/zabbix', alarm, **known)
    assert status == 202, text
    (taken,) = json.loads(text)['alarms']
    (recovery,) = gunicorn.read('/recovery/v1/recoveries')['recoveries']
    assert (recovery['id'], recovery['host']) == (taken['recovery'], 'compute-02')

    with gunicorn.world as world:
        world.faults.add('nova.*', 'delay', SLOW)
        before = len(world.faults.requests)
    ended = CLOCK.spawn('looks', gunicorn.look_later)
    until('Nova is asked', lambda: len(gunicorn.world.faults.requests) > before, SECONDS, 0.05)
    gunicorn.process.send_signal(signal.SIGTERM)
    assert CLOCK.wait(ended, SECONDS)
    ((status, text),) = gunicorn.answers
    assert (status, json.loads(text)['host']) == (200, 'compute-01')
    assert gunicorn.process.wait(60) == 0
    store = Store(f'sqlite:///{gunicorn.folder / DATABASE}', CLOCK)
    assert workers(store) == [], 'both have signed off'
    store.close()
    said = (gunicorn.folder / LOG).read_text()
    assert 'Traceback' not in said
    assert 'Warning:' not in said, 'a library speaks to developers'
