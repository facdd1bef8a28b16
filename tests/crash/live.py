"""A play with real processes whose course a test decides: who starts, freezes, dies, and when."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from drivers.clock import SystemClock
from recovery.db import tables
from recovery.db.store import Store
from tests.crash.crew import Remote
from tests.crash.processes import copy, ended, judged, rows
from tests.crash.scenery import DATABASE, HOST, SECONDS, TooLate, control, furnish, until

CLOUD = 'http://cloud.test'  # an address that only their doors, as proxies, can reach
DOORS = ('w1', 'w2', 'w3', 'watcher', 'watcher2', 'operator')
#: Names of the instances that a host-down recovery of the scene moves.
MOVED = ('vm-10', 'vm-2', 'vm-6')
#: What is written without owning a recovery.
OWNERLESS = ('worker', 'job', 'event')


class Live:
    """One play. Everything in it is a process; the test is none of them.

    :param url: of an empty database; without one there is an SQLite file.
    :param conf: options as 'group.name': value.
    """

    def __init__(
        self,
        crew: Remote,
        template: Path,
        folder: Path,
        url: str | None = None,
        conf: Mapping[str, Any] | None = None,
    ) -> None:
        self._crew = crew
        self._folder = folder
        self.pids: dict[str, int] = {}
        self.doors: Mapping[str, str] = crew.serve(str(folder / 'world.log'), DOORS)
        if url is None:
            shutil.copy(template, folder / DATABASE)
            url = f'sqlite:///{folder / DATABASE}'
        else:
            copy(f'sqlite:///{template}', url)
        self.store = Store(url, SystemClock())
        options = {'database.connection': url, **(conf or {})}
        self._arguments = ['--config-file', str(furnish(folder, CLOUD, options))]

    def close(self) -> None:
        """End it all."""
        self._crew.end()
        self.store.close()

    # --- who takes part -----------------------------------------------------------------------

    def start(self, *names: str, held: bool = False, **more: Any) -> None:
        """Start w1, w2, w3 (workers), watcher or watcher2.

        :param more: ``arm`` and ``ahead`` of :meth:`tests.crash.crew.Crew.start`.
        """
        for name in names:
            command = 'recovery-watcher' if name.startswith('watcher') else 'recovery-worker'
            self.pids[name] = self._crew.start(
                command,
                self._arguments,
                self._log(name),
                held,
                more.get('arm', ()),
                more.get('ahead', 0.0),
                self.doors[name],
            )

    def go(self, *names: str) -> None:
        """Let those go that were started held."""
        self._crew.go([self.pids[name] for name in names])

    def send(self, name: str, what: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pids[name], what)

    def left(self, name: str) -> int | None:
        """How a process ended; None: it lives."""
        code: int | None = self._crew.ended(self.pids[name])
        return code

    def says(self, name: str) -> str:
        """The log of a process."""
        log = Path(self._log(name))
        return log.read_text() if log.exists() else ''

    def operator(self, *words: str, number: int = 0, held: bool = False) -> int:
        """Start an operator's command. Returns its pid."""
        arguments, log = [*self._arguments, *words], self._log(f'op{number}')
        door = self.doors['operator']
        pid: int = self._crew.start('recovery', arguments, log, held, (), 0.0, door)
        return pid

    def alarm(self) -> None:
        """A monitor says that the host is down."""
        pid = self.operator('alarm', 'raise', 'host-down', HOST)
        until(lambda: self._crew.ended(pid) is not None, 'the alarm is taken')
        assert self._crew.ended(pid) == 0, self.says('op0')

    def senders(self, count: int) -> list[int | None]:
        """So many monitors say it at once. Returns their exit codes."""
        words = ('alarm', 'raise', 'host-down', HOST)
        pids = [
            self.operator(*words, '--source', f'monitor-{one % 5}', number=one, held=True)
            for one in range(count)
        ]
        self._crew.go(pids)
        until(lambda: all(self._crew.ended(pid) is not None for pid in pids), 'all are answered')
        return [self._crew.ended(pid) for pid in pids]

    # --- what befalls them --------------------------------------------------------------------

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the world behind the scenes."""
        return control(self.doors['operator'], method, path, body)

    def signal_at(self, kind: str, number: int, moment: str, what: str, name: str) -> None:
        """Send a signal to a process at one moment of its n-th request of that kind."""
        point = {'kind': kind, 'number': number, 'moment': moment, 'client': f'{name}/*'}
        self.control('POST', '/kill', point | {'pids': [self.pids[name]], 'signal': what})

    def stopped(self, name: str) -> bool:
        """Whether a process is frozen by SIGSTOP."""
        state = Path(f'/proc/{self.pids[name]}/stat').read_text().rpartition(')')[2].split()[0]
        return state == 'T'

    def writable(self) -> bool:
        """Whether nobody is inside a transaction that writes. For SQLite."""
        with closing(sqlite3.connect(self._folder / DATABASE, timeout=1.0)) as file:
            try:
                file.execute('BEGIN IMMEDIATE')
            except sqlite3.OperationalError:
                return False
        return True

    # --- what came of it ----------------------------------------------------------------------

    def recovery(self) -> Mapping[str, Any]:
        """The newest recovery."""
        return rows(self.store, tables.recovery)[-1]

    def epoch(self) -> int:
        """How often the recovery was claimed."""
        return int(self.recovery()['epoch'])

    def written(self) -> dict[str, list[Mapping[str, Any]]]:
        """All rows that only the owner of a recovery may write, and TaskFlow's."""
        with self.store.engine.connect() as connection:
            names = sa.inspect(connection).get_table_names()
            known = sa.MetaData()
            known.reflect(connection, only=[name for name in names if name not in OWNERLESS])
            return {
                table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for table in known.sorted_tables
            }

    def events(self, name: str) -> list[str]:
        """What a process wrote into the story."""
        token = f'-{self.pids[name]}-'
        return [row['what'] for row in rows(self.store, tables.event) if token in row['who']]

    def asked(self) -> Mapping[str, int]:
        """How many requests of each kind the world received."""
        found: Mapping[str, int] = self.control('GET', '/requests')
        return found

    def happened(self, what: str) -> int:
        """How often something happened in the world."""
        return sum(one['what'] == what for one in self.control('GET', '/trace')['events'])

    def ends_well(self, times: int = 1) -> None:
        """It ends as if nothing had happened: asserts the end, and that no rule was broken."""
        self.until(lambda: ended(self.store), 'the recovery ends')
        end, broken = judged(self.store, self.doors['operator'])
        assert broken == [], f'{broken}\n{self.story()}'
        assert end['states'] == ['done'] * times, self.story()
        assert end['items'] == [[name, 'moved'] for name in MOVED], self.story()
        assert end['guests'] == sorted(f'vm-{number}' for number in range(1, 13)), self.story()
        assert end['flags'][1] == [HOST, False, True, False]

    def until(self, true: Callable[[], Any], what: str, seconds: float = SECONDS) -> None:
        """Wait for something to become true. Raises TooLate, with the story."""
        try:
            until(true, what, seconds)
        except TooLate as error:
            raise TooLate(f'{error}\n{self.story()}') from error

    def story(self) -> str:
        """What happened, for a test that failed."""
        events = [
            f'{row["who"]}: {row["what"]} {row["why"]}' for row in rows(self.store, tables.event)
        ]
        logs = [f'--- {name}\n{self.says(name)[-3000:]}' for name in (*self.pids, 'world')]
        return '\n'.join([str(dict(self.recovery())), *events, *logs])

    def _log(self, name: str) -> str:
        return str(self._folder / f'{name}.log')


def away(names: Sequence[str], play: Live) -> bool:
    """Whether all those processes have ended."""
    return all(play.left(name) is not None for name in names)
