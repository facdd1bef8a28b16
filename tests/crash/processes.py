"""The crash sweep with real processes: one play for each point, several side by side.

    python -m tests.crash.processes SCENE FOLDER

takes one line of JSON, a list of points and how many plays to run side by side, and answers with
a line for each play. In a play a simulated cloud is served over HTTP, two workers and a watcher
run on a database of their own, and one worker gets SIGKILL: by the cloud at its n-th request, or
by itself at its n-th commit.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from drivers.clock import SystemClock
from drivers.simulated.world import World
from recovery.db import states, tables
from recovery.db.store import Store
from recovery.db.upgrade import upgrade
from tests.crash.crew import PATH, Crew, fork, warm
from tests.crash.deaths import Death, Outcome
from tests.crash.devices import outside
from tests.crash.scenery import DATABASE, TooLate, control, furnish, prepare, until
from tests.databases import database

PLAY_SECONDS = 400.0  # a request to evacuate that left no trace is believed lost after a minute
DIED = -signal.SIGKILL


class Play:
    """One play, from its files to its end. Its own process has no thread."""

    def __init__(self, crew: Crew, folder: Path, death: Death, url: str) -> None:
        self._crew = crew
        self._folder = folder
        self._death = death
        self._counter = folder / 'commits'
        self._counter.write_text('0')
        self._url = url  # of the database
        self._world = crew.serve(str(folder / 'world.log'))['play']

    def run(self) -> Outcome:
        """Play it."""
        began = time.monotonic()
        outcome = Outcome(self._death)
        workers = self._start()
        store = Store(self._url, SystemClock())
        try:
            until(lambda: ended(store), 'the recovery ends', PLAY_SECONDS)
            outcome.reached = self._dead(workers)
            outcome.end, outcome.broken = judged(store, self._world)
            outcome.kinds = control(self._world, 'GET', '/requests')
            outcome.requests = sum(outcome.kinds.values())
            outcome.commits = int(self._counter.read_text())
            self._ended_otherwise(workers)
        except Exception:
            outcome.reached = self._dead(workers)
            outcome.trouble = traceback.format_exc(limit=3)
        outcome.seconds = time.monotonic() - began
        with contextlib.suppress(Exception):
            outcome.story = self._story(store)
        store.close()
        self._crew.end()
        return outcome

    def _start(self) -> list[int]:
        death, folder = self._death, self._folder
        options: dict[str, Any] = {
            'worker.lease_seconds': death.lease,
            'database.connection': self._url,
        }
        if death.peers == 'mariadb':
            options |= {'board.driver': 'redis', 'board.name': f'crash-{folder.name}'}
            options |= {'board.url': os.environ['RECOVERY_TEST_REDIS_URL']}
        if death.outside:
            options |= outside(self._world)
        conf = ['--config-file', str(furnish(folder, self._world, options, death.driver))]
        number = death.number if death.what == 'commit' else 0
        kill = (str(self._counter), number, death.moment)
        workers = [
            self._crew.start('recovery-worker', conf, str(folder / f'w{one}.log'), True, kill)
            for one in (1, 2)
        ]
        watcher = self._crew.start('recovery-watcher', conf, str(folder / 'watcher.log'), True)
        if death.what == 'request':
            point = {'kind': death.kind, 'number': death.number, 'moment': death.moment}
            control(self._world, 'POST', '/kill', {**point, 'pids': workers})
        self._crew.go([*workers, watcher])
        return workers

    def _dead(self, workers: Sequence[int]) -> bool:
        def died() -> bool:
            return any(self._crew.ended(pid) is not None for pid in workers)

        if self._death.what != 'nothing':  # it may die as the very last thing
            with contextlib.suppress(TooLate):
                until(died, 'a worker dies', 0.5)
        return died()

    def _ended_otherwise(self, workers: Sequence[int]) -> None:
        ends = [self._crew.ended(pid) for pid in workers]
        assert set(ends) <= {None, DIED}, f'workers ended by themselves: {ends}'
        assert ends.count(DIED) <= 1, 'both workers died'

    def _story(self, store: Store) -> str:
        events = [
            f'{row["at"]:.2f} {row["who"]}: {row["what"]} {row["why"] or ""}'
            for row in rows(store, tables.event)
        ]
        asked = [str(one) for one in control(self._world, 'GET', '/trace')['events'][-60:]]
        logs = [f'--- {log.name}\n{log.read_text()[-3000:]}' for log in self._folder.glob('*.log')]
        return '\n'.join([*events, '--- world', *asked, *logs])


def judged(store: Store, world: str) -> tuple[dict[str, Any], list[str]]:
    """The end of a play, by the database and by the truth of the world; and the broken rules."""
    truth = control(world, 'GET', '')
    names = {key: one['name'] for key, one in truth['instances'].items()}
    items, found = rows(store, tables.item), rows(store, tables.recovery)
    asked = [f'done={row["host"]}' for row in found if row['state'] == states.DONE]
    asked += [f'excused={row["instance"]}' for row in items if row['state'] != 'moved']
    verdict = control(world, 'GET', f'/verdict?{"&".join(asked)}')
    end = {
        'states': [row['state'] for row in found],
        'items': sorted([names[row['instance']], row['state']] for row in items),
        'guests': sorted(
            names[guest]
            for host in truth['hosts'].values()
            for guest, how in host['guests'].items()
            if how == 'running'
        ),
        'flags': [
            [name, host['enabled'], host['forced_down'], host['powered']]
            for name, host in sorted(truth['hosts'].items())
        ],
    }
    return end, [str(one) for one in verdict['broken']]


def rows(store: Store, table: sa.Table) -> list[Mapping[str, Any]]:
    """All rows of a table, oldest first."""
    order = table.c.created_at if 'created_at' in table.c else None
    with store.read() as connection:
        query = sa.select(table)
        query = query if order is None else query.order_by(order)
        return [dict(row) for row in connection.execute(query).mappings()]


def ended(store: Store) -> bool:
    """Whether no recovery is live."""
    return all(row['state'] in states.ENDED for row in rows(store, tables.recovery))


@contextlib.contextmanager
def _furnished(template: Path, peers: str) -> Iterator[tuple[Path, str]]:
    """A folder and the URL of a database that is a copy of the template."""
    with tempfile.TemporaryDirectory(prefix='crash-') as made:
        folder = Path(made)
        if peers == 'mariadb':
            with database('mariadb', folder) as url:
                copy(f'sqlite:///{template}', url)
                yield folder, url
        else:
            shutil.copy(template, folder / DATABASE)
            yield folder, f'sqlite:///{folder / DATABASE}'


def copy(source: str, target: str) -> None:
    """Make the tables of a database in an empty one, with all that is in them."""
    old, new = (Store(url, SystemClock()) for url in (source, target))
    upgrade(new)
    names = {name for name in sa.inspect(old.engine).get_table_names() if 'alembic' not in name}
    known = sa.MetaData()
    known.reflect(new.engine, only=lambda name, _meta: name in names)
    with old.engine.connect() as reading, new.engine.begin() as writing:
        for table in known.sorted_tables:
            rows = [dict(row) for row in reading.execute(sa.select(table)).mappings()]
            writing.execute(sa.delete(table))
            if rows:
                writing.execute(sa.insert(table), rows)
    old.close()
    new.close()


def play(world: World, template: Path, death: Death) -> Outcome:
    """One play, in this process and its children."""
    with _furnished(template, death.peers) as (folder, url):
        return Play(Crew(world), folder, death, url).run()


def sweep(world: World, template: Path, deaths: Sequence[Death], at_once: int) -> Iterator[str]:
    """Play all, so many at once, each in a process of its own. Yields the outcomes' lines."""
    waiting, running = list(reversed(deaths)), dict[int, tuple[Death, Path, Path]]()
    while waiting or running:
        while waiting and len(running) < at_once:
            death, number = waiting.pop(), len(waiting)
            result, log = (template.with_name(f'play-{number}.{end}') for end in ('json', 'log'))
            for left in (result, log):
                left.unlink(missing_ok=True)
            pid = fork(str(log), partial(_play, world, template, death, result))
            running[pid] = death, result, log
        pid, _status = os.wait()
        death, result, log = running.pop(pid)
        if result.exists():
            yield result.read_text()
        else:
            yield json.dumps(asdict(Outcome(death, trouble=log.read_text())))


def _play(world: World, template: Path, death: Death, result: Path) -> int:
    result.write_text(json.dumps(asdict(play(world, template, death))))
    return 0


class Sweeper:
    """For tests: has a scene prepared, and plays it with deaths, in other processes."""

    def __init__(self, scene: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, '-W', 'ignore', '-m', 'tests.crash.processes', scene, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {'PYTHONPATH': PATH},
        )

    def close(self) -> None:
        """End it, and with it all that it started."""
        self._process.kill()
        self._process.communicate()

    def play(self, deaths: Sequence[Death], at_once: int) -> list[Outcome]:
        """The outcomes, in the order of the deaths."""
        asking, answering = self._process.stdin, self._process.stdout
        assert asking is not None
        assert answering is not None
        asking.write(json.dumps([at_once, [asdict(death) for death in deaths]]) + '\n')
        asking.flush()
        outcomes = []
        for _ in deaths:
            line = answering.readline()
            assert line, 'the process that plays ended; its standard error says why'
            outcomes.append(Outcome.read(line))
        return sorted(outcomes, key=lambda outcome: deaths.index(outcome.death))


def main(scene: str, folder: str) -> None:
    """Play what each line asks for, until standard input ends."""
    world = prepare(scene, Path(folder))
    warm()
    for line in sys.stdin:
        at_once, wanted = json.loads(line)
        deaths = [Death(**one) for one in wanted]
        for outcome in sweep(world, Path(folder) / DATABASE, deaths, at_once):
            print(outcome, flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
