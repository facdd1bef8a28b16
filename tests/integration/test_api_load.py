"""Many alarms at once over HTTP, and processes that are killed meanwhile: what was answered 202 is
in the database and is decided, and each host has one recovery.

There are two replicas of the API then. When which process is killed is drawn anew for each run;
RECOVERY_KILL_SEED draws it once more.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from bench_scripts.flood import promised

from drivers.clock import SystemClock
from drivers.simulated.app import App
from drivers.simulated.server import Server
from drivers.simulated.world import small_world
from recovery.db import states, tables
from recovery.db.store import Store
from tests.crash.scenery import DATABASE, SETTINGS, TooLate, furnish, until
from tests.integration.shared import free_address
from tests.unit.drivers.alarms import payloads
from tests.unit.recovery.claims.scene import empty

CLOCK = SystemClock()
HOSTS = ('compute-01', 'compute-02')  #: that fail; of a third one a human would be asked
CLOUD, DEAD = 100, 90  #: hosts of a large cloud, and how many of them fail
SENDERS, ALARMS, TIMES = 50, 100, 10  #: how often each alarm is posted
API, REPLICA = 'recovery-api', 'replica of recovery-api'
DAEMONS = (API, 'recovery-watcher', 'recovery-worker')
KILLS = 6
TOKEN = 'not-a-secret-token-1'
SOURCES = 'sources: {am: {driver: alertmanager, token: {file: token}}}\n'


class Site:
    """A world, and the processes of ours, each of its own.

    :param replica: whether there are two of recovery-api, which are asked in turns.
    """

    def __init__(
        self, folder: Path, hosts: int, failing: Sequence[str], *, replica: bool = False
    ) -> None:
        self.folder = folder
        self.names = (*DAEMONS, REPLICA) if replica else DAEMONS
        self.failing = failing
        self.world = small_world(CLOCK, hosts, hosts, SETTINGS, seed=1)
        self._server = Server(App(self.world), CLOCK, ('127.0.0.1', 0))
        self._served = self._server.start()
        addresses = [free_address() for name in self.names if name in (API, REPLICA)]
        self._ports = [int(one.rpartition(':')[2]) for one in addresses]
        self._turns = itertools.cycle(self._ports)
        self.began = CLOCK.now()
        (folder / DATABASE).write_bytes(empty())
        (folder / 'sources.yaml').write_text(SOURCES)
        (folder / 'token').write_text(TOKEN)
        conf = {
            'api.auth': 'noauth', 'api.listen': addresses[-1],
            'sources.file': folder / 'sources.yaml',
        }  # fmt: skip
        self._configs = dict.fromkeys(self.names, furnish(folder, self._server.url, conf))
        if replica:
            other = folder / 'replica.conf'
            said = self._configs[API].read_text()
            other.touch(mode=0o600)
            other.write_text(said.replace(addresses[-1], addresses[0]))
            self._configs[REPLICA] = other
        self.store = Store(f'sqlite:///{folder / DATABASE}', CLOCK)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        for name in self.names:
            self.start(name)
        until(self._answer, 'the APIs answer', 60)

    def start(self, name: str) -> None:
        program = Path(sys.executable).with_name(name.rpartition(' ')[2])
        with (self.folder / f'{name}.log').open('ab') as log:
            self.running[name] = subprocess.Popen(
                [program, '--config-file', self._configs[name]],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self, name: str) -> None:
        """kill -9."""
        self.running[name].kill()
        self.running[name].wait()

    def close(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(20)
            finally:
                process.kill()
        self.store.close()
        self._server.stop()
        CLOCK.wait(self._served, 10)

    def ask(self, method: str, path: str, body: Any = None, **more: str) -> tuple[int, Any]:
        """Ask the next replica. Raises OSError when nobody answers."""
        connection = http.client.HTTPConnection('127.0.0.1', next(self._turns), timeout=30)
        try:
            headers = {'Content-Type': 'application/json', **more}
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b'null')
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def rows(self, query: sa.Select[Any]) -> list[sa.RowMapping]:
        with self.store.read() as connection:
            return list(connection.execute(query).mappings())

    def said(self) -> str:
        """Complaints of the processes."""
        logs = [(self.folder / f'{name}.log').read_text() for name in self.names]
        return '\n'.join(line for log in logs for line in log.splitlines() if ' ERROR ' in line)

    def _answer(self) -> bool:
        assert all(one.poll() is None for one in self.running.values()), self.said()
        try:
            return all(self.ask('GET', '/v1')[0] == 200 for _ in self._ports)
        except OSError:
            return False


@contextmanager
def failed(
    folder: Path, hosts: int, failing: Sequence[str], *, replica: bool = False
) -> Iterator[Site]:
    """A cloud in which some hosts have died, and Nova knows."""
    with ExitStack() as stack:
        made = Site(folder, hosts, failing, replica=replica)
        stack.callback(made.close)
        enrol(made)
        for name in failing:
            made.world.crash(name)
        until(lambda: all(_down(made, name) for name in failing), 'their services are down', 30)
        yield made


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with failed(tmp_path, 12, HOSTS, replica=True) as made:
        yield made


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Site]:
    with failed(
        tmp_path, CLOUD, [f'compute-{number:02d}' for number in range(1, DEAD + 1)]
    ) as made:
        yield made


def _down(site: Site, name: str) -> bool:
    with site.world:
        return not site.world.agents.up(site.world.hosts[name])


def enrol(site: Site) -> None:
    """The hosts are those of a segment, as Masakari's monitors need it."""
    segment = {'name': 'rack', 'recovery_method': 'auto', 'service_type': 'COMPUTE'}
    status, made = site.ask('POST', '/v1/segments', {'segment': segment})
    assert status == 201, made
    path = f'/v1/segments/{made["segment"]["uuid"]}/hosts'
    for name in site.failing:
        host = {'name': name, 'type': 'COMPUTE', 'control_attributes': 'SSH'}
        status, made = site.ask('POST', path, {'host': host})
        assert status == 201, made


def post(site: Site, number: int) -> tuple[int, Any]:
    """One alarm; half of them as Masakari's host monitor sends it, a quarter as Alertmanager."""
    host = site.failing[number % len(site.failing)]
    at = datetime.fromtimestamp(site.began + number, UTC).replace(tzinfo=None).isoformat()
    if number % 4 < 2:
        payload = {'event': 'STOPPED', 'host_status': 'NORMAL', 'cluster_status': 'OFFLINE'}
        body = {
            'type': 'COMPUTE_HOST', 'hostname': host, 'payload': payload, 'generated_time': at,
        }  # fmt: skip
        return site.ask('POST', '/v1/notifications', {'notification': body})
    if number % 4 == 2:
        body = {'kind': 'host-down', 'subject': host, 'source': 'load', 'key': f'alarm-{number}'}
        return site.ask('POST', '/recovery/v1/alarms', body)
    alert = payloads.alert(host, startsAt=f'{at}Z', fingerprint=f'{number:016x}')
    bearer = {'Authorization': f'Bearer {TOKEN}'}
    return site.ask('POST', '/alarms/am', payloads.group(alert), **bearer)


class Load:
    """All senders at once; each tries again until it is told that the alarm is there."""

    def __init__(self, site: Site, times: int = TIMES) -> None:
        self._site = site
        self._posts = ALARMS * times // SENDERS  # of one sender
        self.answers: Counter[str] = Counter()
        self.taken: set[str] = set()  #: notifications and alarms that were promised
        self._lock = threading.Lock()

    @property
    def total(self) -> int:
        """Posts that have to be answered."""
        return SENDERS * self._posts

    @property
    def done(self) -> int:
        """Posts that were."""
        return self.answers['202'] + self.answers['409']

    def run(self, beside: Callable[[], None] | None = None, seconds: float = 200.0) -> None:
        late = threading.Event()
        senders = [
            CLOCK.spawn(f'sender-{number}', partial(self._send, number, late))
            for number in range(SENDERS)
        ]
        if beside:
            beside()
        until = CLOCK.elapsed() + seconds
        for sender in senders:
            assert CLOCK.wait(sender, max(0.0, until - CLOCK.elapsed())), self.answers
        assert self.done == self.total, self.answers

    def _send(self, sender: int, late: threading.Event) -> None:
        for turn in range(self._posts):
            number = (sender * self._posts + turn) % ALARMS
            while not self._sent(number):
                CLOCK.wait(late, 0.2)

    def _sent(self, number: int) -> bool:
        try:
            status, said = post(self._site, number)
        except OSError:
            status, said = 0, {}
        with self._lock:
            self.answers[str(status)] += 1
            if status == 202:
                self.taken.update(promised(said))
        return status in (202, 409)


def kept(site: Site, load: Load) -> None:
    """None is lost, and each is decided."""
    alarm, told = tables.alarm, tables.notification
    undecided = sa.select(alarm).where(alarm.c.answer.is_(None))
    until(lambda: not site.rows(undecided), 'every alarm is decided')
    rows = site.rows(sa.select(alarm))
    found = {row['key'] for row in rows if row['source'] == 'load'}
    assert found == {f'alarm-{number}' for number in range(2, ALARMS, 4)}
    assert sum(row['source'] == 'am' for row in rows) == len(range(3, ALARMS, 4))
    there = {row['id'] for row in rows} | {row['uuid'] for row in site.rows(sa.select(told))}
    assert load.taken <= there, 'it was answered 202 and is not there'


def judge(site: Site, load: Load) -> None:
    """None is lost, each is decided, and each host was recovered once."""
    kept(site, load)
    recovery = tables.recovery

    def over() -> bool:
        rows = site.rows(sa.select(recovery.c.state))
        return len(rows) >= len(HOSTS) and all(row['state'] in states.ENDED for row in rows)

    try:
        until(over, 'the recoveries end')
    except TooLate as late:
        rows = site.rows(sa.select(recovery))
        said = '\n'.join(f'{row["host"]} {row["state"]}: {row["reason"]}' for row in rows)
        raise TooLate(f'{late}\n{said}\n{site.said()}') from late
    rows = site.rows(sa.select(recovery))
    assert Counter(row['host'] for row in rows) == Counter(HOSTS)
    assert {row['state'] for row in rows} == {states.DONE}, [row['reason'] for row in rows]


def test_a_thousand_alarms_about_most_of_a_cloud_are_one_recovery_for_each_host(
    cloud: Site,
) -> None:
    load = Load(cloud)
    load.run()
    assert load.answers['500'] == 0, cloud.said()
    kept(cloud, load)
    rows = cloud.rows(sa.select(tables.recovery))
    assert Counter(row['host'] for row in rows) == Counter(cloud.failing)
    # So many at once are a matter for a human: nothing was fenced, and nothing is forgotten.
    assert {row['state'] for row in rows} == {states.HELD}, [row['reason'] for row in rows]
    assert all(cloud.world.hosts[name].powered for name in cloud.failing)


class Killer:
    """kill -9 of one process or another, each time after a number of answers that chance drew."""

    def __init__(self, site: Site, load: Load, seed: int) -> None:
        self._site, self._load = site, load
        self._chance = random.Random(seed)
        more = self._chance.choices(site.names, k=KILLS - len(site.names))
        names = self._chance.sample([*site.names, *more], KILLS)  # each of them once at least
        moments = sorted(self._chance.sample(range(load.total), KILLS))
        self._plan = list(zip(moments, names, strict=True))

    def run(self) -> None:
        for moment, name in self._plan:
            until(partial(self._answered, moment), f'{moment} answers')
            CLOCK.wait(None, self._chance.uniform(0.0, 0.5))
            print(f'after {self._load.done} answers {name} is killed')
            self._site.kill(name)
            self._site.start(name)

    def _answered(self, number: int) -> bool:
        return self._load.done >= number


def test_what_was_answered_202_survives_the_death_of_any_process_at_any_time(site: Site) -> None:
    seed = int(os.environ.get('RECOVERY_KILL_SEED') or random.SystemRandom().randrange(2**32))
    print(f'RECOVERY_KILL_SEED={seed}')
    load = Load(site, times=3)
    load.run(Killer(site, load, seed).run)
    assert load.answers['500'] == 0, site.said()
    judge(site, load)
