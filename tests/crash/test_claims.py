"""Claims, with real processes: who may have lost a recovery does nothing outside (S7, H9)."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from recovery.db import states, tables
from tests import stage as stages
from tests.crash.crew import Remote
from tests.crash.live import Live
from tests.crash.processes import DIED, ended, rows
from tests.crash.scenery import DATABASE, HOST, until
from tests.databases import database
from tests.peers import need

pytestmark = pytest.mark.slow
STOP_SECONDS = 10.0  # within which a worker that is told to stop has let go
ALL = ('w1', 'w2', 'watcher')
#: How a statement would ask a database for its time.
TIMES = re.compile(r'\b(now|sysdate|unix_timestamp|strftime|julianday|datetime)\s*\(|\bcurrent_')

Stage = Callable[..., Live]


@pytest.fixture(scope='module')
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Remote, Path]]:
    """Processes on demand, in a world in which a host is dead and nobody has said so."""
    folder = tmp_path_factory.mktemp('crashed')
    remote = Remote('crashed', folder)
    yield remote, folder / DATABASE
    remote.close()


@pytest.fixture
def stage(crew: tuple[Remote, Path], tmp_path: Path) -> Iterator[Stage]:
    """A play; ``mariadb=True`` for one on MariaDB, options as group__name."""
    with ExitStack() as stack:

        def make(mariadb: bool = False, **options: Any) -> Live:
            url = stack.enter_context(database('mariadb', tmp_path)) if mariadb else None
            conf = {name.replace('__', '.'): value for name, value in options.items()}
            play = Live(*crew, tmp_path, url, conf)
            stack.callback(play.close)
            return play

        yield make


# --- frozen ---------------------------------------------------------------------------------------


def _owned_by_w1(play: Live) -> None:
    """w1 has the recovery, and w2 and the watcher live."""
    play.alarm()
    play.start('w1', held=True)


def _freezes(play: Live) -> None:
    """w1 freezes, and not inside a transaction: SQLite would let nobody else write."""
    play.until(lambda: play.stopped('w1'), 'w1 freezes')
    while not play.writable():
        play.send('w1', signal.SIGCONT)
        play.send('w1', signal.SIGSTOP)
        play.until(lambda: play.stopped('w1'), 'w1 freezes again')


def _taken_over(play: Live) -> None:
    play.until(lambda: play.stopped('w1'), 'w1 freezes')
    play.start('w2', 'watcher')
    play.until(lambda: play.epoch() > 1, 'another takes it over')
    # From here on the oracle counts whatever w1 asks to be changed as a broken rule.
    play.control('POST', '/note', {'what': 'claim.lost', 'subject': 'w1'})


def _notices(play: Live) -> None:
    """w1 finds out that the recovery is no longer its own."""

    def let_go() -> bool:
        return 'let go' in play.says('w1') or 'the claim is lost' in play.says('w1')

    play.until(let_go, 'w1 notices', 60.0)


#: What is held, its number, and for how many seconds. A power-off that comes between a proof and
#: the evacuations would make the oracle ask for two newer readings, so it comes after them.
HELD = {'bmc.power-off': (1, 60.0), 'nova.set-service': (2, 30.0), 'nova.evacuate': (1, 9.0)}
#: One sender: a second one might be frozen inside a transaction, and SQLite has no cure for that.
#: What the world tells of it, and how often in all: the successor asked for it, too.
CARRIED_OUT = {
    'bmc.power-off': ('asked.off', 2),
    'nova.set-service': ('service.forced-down', 1),
    'nova.evacuate': ('evacuate.accepted', 3),
}
ALONE = {'evacuation__senders': 1}


@pytest.mark.parametrize('kind', HELD)
def test_frozen_between_renewal_and_send(kind: str, stage: Stage) -> None:
    """The request in flight is carried out long after its sender lost the recovery."""
    number, seconds = HELD[kind]
    play = stage(**ALONE)
    _owned_by_w1(play)
    play.signal_at(kind, number, 'received', 'SIGSTOP', 'w1')
    fault = {'kind': kind, 'effect': 'delay', 'value': seconds, 'count': 1, 'skip': number - 1}
    play.control('POST', '/fault', fault)
    carried_out = CARRIED_OUT[kind]
    play.go('w1')
    _freezes(play)
    _taken_over(play)
    told = play.events('w1')
    play.send('w1', signal.SIGCONT)
    play.ends_well()
    _notices(play)
    until(lambda: play.happened(carried_out[0]) == carried_out[1], 'what was held is carried out')
    play.ends_well()
    assert play.events('w1') == told
    assert play.left('w1') is None


@pytest.mark.parametrize(
    ('kind', 'number'),
    [('nova.services', 1), ('bmc.power-state', 1), ('bmc.power-state', 4), ('nova.evacuate', 2)],
)
def test_frozen_past_the_lease(kind: str, number: int, stage: Stage) -> None:
    play = stage(**ALONE)
    _owned_by_w1(play)
    # Answered while it is frozen: it finds the answer when it wakes.
    play.signal_at(kind, number, 'applied', 'SIGSTOP', 'w1')
    play.go('w1')
    _freezes(play)
    _taken_over(play)
    told = play.events('w1')
    play.ends_well()
    written = play.written()
    play.send('w1', signal.SIGCONT)
    _notices(play)
    assert play.written() == written
    assert play.events('w1') == told
    play.ends_well()


def test_frozen_inside_a_guarded_write(stage: Stage, tmp_path: Path) -> None:
    """Its row stays locked; MariaDB ends the session of who sits in a write transaction."""
    need('mariadb')
    play = stage(mariadb=True)
    play.alarm()
    counter = tmp_path / 'commits'
    counter.write_text('0')
    play.start('w1', arm=(str(counter), 24, 'before', 'SIGSTOP'))
    _taken_over(play)
    told = play.events('w1')
    play.send('w1', signal.SIGCONT)
    play.ends_well()
    _notices(play)
    assert play.events('w1') == told


# --- clocks ---------------------------------------------------------------------------------------


def test_the_clock_of_the_database_is_a_minute_ahead_for_one_of_them(stage: Stage) -> None:
    need('mariadb')
    play = stage(mariadb=True)
    play.alarm()
    play.start('w1', 'watcher')
    until(lambda: play.epoch() == 1, 'w1 takes it')
    play.start('w2', ahead=60.0)
    play.ends_well()
    assert play.epoch() == 1


@pytest.mark.parametrize('seconds', [60.0, -60.0, 7200.0])
def test_every_wall_clock_steps_while_a_recovery_runs(seconds: float) -> None:
    """Also the reason why: nothing that we send to the database asks it for its time."""
    asked: list[str] = []
    with stages.play(hosts=4, instances=12, settings={'rebuild_seconds': 20.0}) as play:
        play.world.crash(HOST)
        play.run(65.0)
        play.alarm(HOST)
        for name in ('w1', 'w2'):
            play.worker(name)
            sa.event.listen(
                play.sites[name].store.engine,
                'before_cursor_execute',
                lambda _connection, _cursor, statement, *_more: asked.append(statement.lower()),
            )
        play.watcher()
        play.until(lambda: 'nova.evacuate' in play.world.faults.counts())
        play.clock.step_wall(seconds)
        play.until(play.ended)
        assert 'stopped answering' not in play.story()  # nobody took it from its owner
        assert play.state() == states.DONE, play.story()
        assert play.broken() == [], play.story()
        assert play.world.faults.counts()['nova.evacuate'] == 3
    assert asked
    assert not [one for one in asked if TIMES.search(one)]


# --- Redis ----------------------------------------------------------------------------------------


class Redis:
    """A server of this test's own, to be wiped and killed."""

    def __init__(self, folder: Path) -> None:
        need('redis')
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]
        self._folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty."""
        program = shutil.which('redis-server')
        assert program, 'redis-server is missing; tools/peers install redis, as root'
        words = ['--port', str(self.port), '--save', '', '--appendonly', 'no']
        words += ['--bind', '127.0.0.1', '--dir', str(self._folder)]
        self.process = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL)
        until(lambda: self.client('PING') == 'PONG', 'Redis answers')

    def client(self, *words: str) -> str:
        """Ask it."""
        done = subprocess.run(
            ['redis-cli', '-p', str(self.port), *words], capture_output=True, text=True, timeout=10
        )
        return done.stdout.strip()

    def stop(self) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


def _with_redis(stage: Stage, redis: Redis) -> Live:
    url = f'redis://127.0.0.1:{redis.port}'
    return stage(board__driver='redis', board__url=url, board__name='wiped')


def test_redis_is_wiped_while_the_owner_lives(stage: Stage, redis: Redis) -> None:
    play = _with_redis(stage, redis)
    play.alarm()
    play.start(*ALL)
    until(lambda: play.asked().get('bmc.power-off', 0) > 0, 'it fences')
    redis.client('FLUSHALL')
    play.ends_well()
    assert play.epoch() == 1


def test_redis_is_wiped_while_a_job_waits_for_a_worker(stage: Stage, redis: Redis) -> None:
    play = _with_redis(stage, redis)
    play.alarm()
    play.start('watcher')
    until(lambda: redis.client('KEYS', '*listings*'), 'the job is posted')
    redis.client('FLUSHALL')
    play.start('w1', 'w2')
    play.ends_well()
    assert play.epoch() == 1


@pytest.mark.parametrize('how', [signal.SIGKILL, signal.SIGSTOP])
def test_redis_is_away_for_a_while(how: signal.Signals, stage: Stage, redis: Redis) -> None:
    """Who owns a recovery goes on, and what is ready is found in the database."""
    play = _with_redis(stage, redis)
    assert redis.process is not None
    redis.process.send_signal(how)
    play.alarm()
    play.start(*ALL)
    until(lambda: play.asked().get('nova.evacuate', 0) > 0, 'it evacuates without Redis')
    if how == signal.SIGSTOP:
        redis.process.send_signal(signal.SIGCONT)
    else:
        redis.stop()
        redis.start()
    play.ends_well()
    assert play.epoch() == 1


# --- many at once ---------------------------------------------------------------------------------


def test_two_workers_and_ten_senders_make_one_recovery(stage: Stage) -> None:
    play = stage()
    play.start(*ALL)
    codes = play.senders(10)
    assert set(codes) <= {0, 1, 4}, codes
    until(lambda: rows(play.store, tables.recovery), 'a recovery begins')
    play.ends_well()
    assert play.asked()['bmc.power-off'] == 1
    assert play.asked()['nova.evacuate'] == 3
    assert len(rows(play.store, tables.alarm)) == 10


# --- told to stop, and killed ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ('kind', 'number'), [('nova.services', 1), ('bmc.power-off', 1), ('nova.evacuate', 1)]
)
def test_who_is_told_to_stop_lets_go_at_once(kind: str, number: int, stage: Stage) -> None:
    play = stage(worker__lease_seconds=60.0)  # nobody can have waited for the lease
    play.alarm()
    play.start('w1', held=True)
    play.signal_at(kind, number, 'applied', 'SIGTERM', 'w1')
    play.go('w1')
    until(lambda: play.asked().get(kind, 0) >= number, 'w1 is told to stop')
    until(lambda: play.recovery()['token'] is None, 'the claim is released', STOP_SECONDS)
    until(lambda: play.left('w1') is not None, 'w1 ends', STOP_SECONDS)
    assert play.left('w1') == 0, play.says('w1')
    assert play.recovery()['state'] == states.READY
    play.start('w2', 'watcher')
    play.ends_well()
    assert play.epoch() == 2


def test_the_watcher_is_killed_while_a_recovery_waits(stage: Stage) -> None:
    play = stage()
    play.alarm()
    play.control('POST', '/fault', {'kind': 'nova.*', 'effect': 'error', 'value': 503})
    play.start(*ALL)
    until(lambda: play.recovery()['state'] == states.WAITING, 'it waits for Nova')
    play.send('watcher', signal.SIGKILL)
    until(lambda: play.left('watcher') == DIED, 'the watcher is dead')
    play.control('DELETE', '/fault')
    play.start('watcher2')
    play.ends_well()


def test_both_workers_are_killed_and_one_comes_back(stage: Stage) -> None:
    play = stage()
    play.alarm()
    play.start('w1', 'w2', held=True)
    for name in ('w1', 'w2'):
        play.signal_at('nova.evacuate', 1, 'applied', 'SIGKILL', name)
    play.go('w1', 'w2')
    until(lambda: DIED in (play.left('w1'), play.left('w2')), 'the owner dies')
    for name in ('w1', 'w2'):
        if play.left(name) is None:
            play.send(name, signal.SIGKILL)
    until(lambda: play.left('w1') == play.left('w2') == DIED, 'both are dead')
    assert not ended(play.store)
    play.start('w3')
    play.ends_well()
    assert play.epoch() == 2
