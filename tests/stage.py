"""A stage: the whole product on virtual time, in a simulated world, with a story at the end.

Real are the engine, the board, the database, openstacksdk, the policy; simulated are Nova,
Placement, Keystone, the BMCs and time. Processes are actors whose names begin with theirs, so
that killing or freezing one hits everything it started.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
import yaml
from oslo_config import cfg

from drivers.clock import SystemClock
from drivers.compute.nova import NovaCompute
from drivers.contracts.alarms import Alarm
from drivers.contracts.inventory import Inventory
from drivers.fencing.manual import ManualFencing
from drivers.inventory.file import FileInventory
from drivers.inventory.file.entries import Drivers
from drivers.simulated import bmc, transport
from drivers.simulated.app import App, clouds_yaml
from drivers.simulated.clock import VirtualClock
from drivers.simulated.oracle import Oracle
from drivers.simulated.trace import Event
from drivers.simulated.world import Settings, small_world
from flows.stop import StoreAway
from recovery import conf as groups
from recovery.db import states, tables
from recovery.db.store import Store
from recovery.db.upgrade import upgrade
from recovery.intake.admission import Outcome
from recovery.intake.receive import receive
from recovery.service.watcher import Watcher
from recovery.service.worker import Worker
from recovery.site import Identity, Site
from tests.compiled import compiled_once

#: What every stage has unless it says otherwise: nothing waits longer than it must.
CONF: Mapping[str, Any] = {
    'evacuation.instance_storage': 'shared',
    'policy.settle_seconds': 0.0,
    'policy.startup_seconds': 0.0,
    'restore.healthy_seconds': 5.0,
    'restore.policy': 'never',
    'board.poll_seconds': 0.5,
    'watcher.fence_check_seconds': 0.0,  # its questions would be in every story
}
INVENTORY: Mapping[str, Any] = {
    'patterns': [
        {
            'match': '*',
            'levels': [[{'name': 'bmc', 'driver': 'simulated', 'address': 'sim://{host}'}]],
        }
    ]
}


@cache
def _template() -> Path:
    """A migrated, empty database; made once per test process."""
    folder = Path(tempfile.mkdtemp(prefix='recovery-stage-'))
    store = Store(f'sqlite:///{folder}/empty.sqlite', SystemClock())
    upgrade(store)
    with store.engine.connect() as connection:
        connection.exec_driver_sql('PRAGMA wal_checkpoint(TRUNCATE)')
    store.close()
    return folder / 'empty.sqlite'


def _fast_folder() -> str | None:
    """Memory instead of disk, where the machine has it: nothing here outlives a power cut."""
    return '/dev/shm' if Path('/dev/shm').is_dir() else None


class Stage:
    """One play.

    :param settings: of the simulated world (:class:`drivers.simulated.world.Settings`).
    :param conf: options as 'group.name': value, over :data:`CONF`.
    :param inventory: the fencing inventory, as its YAML would be.
    :param seed: None for the regular order of actors, a number for one of many orders.
    """

    def __init__(
        self,
        *,
        hosts: int = 4,
        instances: int = 8,
        settings: Mapping[str, Any] | None = None,
        conf: Mapping[str, Any] | None = None,
        inventory: Mapping[str, Any] | None = None,
        seed: int | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix='stage-', dir=_fast_folder()))
        self.clock = VirtualClock(seed)
        self.world = small_world(self.clock, hosts, instances, Settings(**(settings or {})), seed=1)
        bmc.attach(self.world)
        self.app = App(self.world)
        shutil.copy(_template(), self.folder / 'recovery.sqlite')
        (self.folder / 'clouds.yaml').write_text(clouds_yaml())
        self.inventory_file = self.folder / 'fencing.yaml'
        self.inventory_file.write_text(yaml.safe_dump(dict(inventory or INVENTORY)))
        self.inventory_file.chmod(0o600)
        self.conf = self._conf({**CONF, **(conf or {})})
        self.stops: dict[str, threading.Event] = {}
        self.sites: dict[str, Site] = {}
        self.killed_at: float | None = None
        self._mounted: list[requests.Session] = []
        self.site = self.process('operator', 'cli')
        self._ear = sqlite3.connect(self.folder / 'recovery.sqlite', check_same_thread=False)
        self._heard = [0] * len(self.world.trace.events)  # for each, the newest row of ours
        self.world.trace.listeners.append(self._hear)
        self.run(70.0)  # every agent has reported, and the world is older than any look-back

    # --- the processes ------------------------------------------------------------------------

    def worker(self, name: str, host: str = 'controller') -> None:
        """Start a worker process."""
        site = self.process(name, 'worker', host)
        stop = self.stops[name] = threading.Event()
        self.clock.spawn(name, lambda: Worker(site).run(stop))

    def watcher(self, name: str = 'watcher') -> None:
        """Start a watcher process."""
        site = self.process(name, 'watcher')
        stop = self.stops[name] = threading.Event()
        self.clock.spawn(name, lambda: Watcher(site).run(stop))

    def stop(self, name: str) -> None:
        """SIGTERM."""
        self.stops.pop(name).set()

    def kill(self, name: str) -> None:
        """SIGKILL; from inside the process itself this does not return."""
        self.killed_at = self.clock.elapsed()
        self.stops.pop(name, None)
        self.clock.kill(name)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.run(until=self.clock.elapsed() + seconds)

    def until(self, true: Callable[[], bool], seconds: float = 1200.0, step: float = 1.0) -> None:
        """Let time pass until something is true; AssertionError when it never is."""
        end = self.clock.elapsed() + seconds
        while not true():
            assert self.clock.elapsed() < end, f'not within {seconds} s:\n{self.story()}'
            self.run(step)

    def close(self) -> None:
        """End every actor and take the files away."""
        self.clock.close()
        for site in self.sites.values():
            site.store.close()
        self._ear.close()
        for session in self._mounted:
            session.adapters.clear()  # openstacksdk keeps it for ever, and through it all of this
        bmc.attach(None)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what is said to the product ----------------------------------------------------------

    def alarm(self, host: str, *, kind: str = 'host-down', key: str | None = None,
              at: float | None = None, source: str = 'test',
              evidence: Mapping[str, Any] | None = None) -> Outcome:  # fmt: skip
        """An alarm arrives, in a process of its own."""
        alarm = Alarm(
            source=source,
            key=key or self.clock.new_id(),
            kind=kind,
            subject=host,
            at=self.clock.now() if at is None else at,
            evidence=evidence or {},
            requested_by='a monitor',
        )
        outcome: Outcome = self.ask(lambda: receive(self.site, alarm))
        return outcome

    def ask(self, question: Callable[[], Any]) -> Any:
        """Run something as the operator's process does: as an actor, to its end."""
        answer: list[Any] = []

        def body() -> None:
            try:
                answer.append(question())
            except (Exception, StoreAway) as error:
                answer.append(error)

        ended = self.clock.spawn('operator', body)
        self.clock.run(event=ended)
        if isinstance(answer[0], Exception | StoreAway):
            raise answer[0]
        return answer[0]

    # --- what came of it ----------------------------------------------------------------------

    def recoveries(self) -> list[Mapping[str, Any]]:
        """Every recovery, oldest first."""
        with self.site.store.read() as connection:
            query = sa.select(tables.recovery).order_by(tables.recovery.c.created_at)
            return [dict(row) for row in connection.execute(query).mappings()]

    def recovery(self, number: int = -1) -> Mapping[str, Any]:
        """One recovery; the newest."""
        return self.recoveries()[number]

    def state(self) -> str:
        """The state of the newest recovery; '' when there is none."""
        found = self.recoveries()
        return str(found[-1]['state']) if found else ''

    def ended(self) -> bool:
        """Whether no recovery is live, and there was one."""
        found = self.recoveries()
        return bool(found) and all(row['state'] in states.ENDED for row in found)

    def rows(self, table: sa.Table) -> list[Mapping[str, Any]]:
        """Every row of a table, by its key."""
        with self.site.store.read() as connection:
            query = sa.select(table).order_by(*table.primary_key.columns)
            return [dict(row) for row in connection.execute(query).mappings()]

    def broken(self) -> list[str]:
        """Every rule that was broken, by the truth of the world."""
        # A return starts no guest: what the host had lost, its recovery has to answer for.
        downs = [row for row in self.recoveries() if row['kind'] == 'host-down']
        done = [row['host'] for row in downs if row['state'] == states.DONE]
        excused = [row['instance'] for row in self.rows(tables.item) if row['state'] != 'moved']
        return [str(one) for one in Oracle(self.world).verdict(done, excused)]

    def running_on(self, host: str) -> list[str]:
        """Names of the instances whose guests run on a host."""
        truth = self.world.hosts[host].guests
        named = {one.id: one.name for one in self.world.instances.values()}
        return sorted(named.get(guest, guest) for guest, how in truth.items() if how == 'running')

    def place(self) -> tuple[int, int]:
        """Where the story is now; :meth:`story` tells what follows."""
        events = self.rows(tables.event)
        return len(self.world.trace.events), len(events)

    def story(self, after: tuple[int, int] = (0, 0)) -> str:
        """What happened, as operators would read it, with the world's own word between."""
        began = self.clock.now() - self.clock.elapsed()
        heard = zip(self.world.trace.events, self._heard, strict=True)
        lines = [
            (event.when, newest, 1, number, f'  {told}')
            for number, (event, newest) in enumerate(heard)
            if number >= after[0] and (told := _told(event))
        ]
        lines += [
            (row['at'] - began, row['id'], 0, 0, f'{row["who"]}: {row["what"]}'
             + (f' ({row["why"]})' if row['why'] else ''))
            for row in self.rows(tables.event)[after[1] :]
        ]  # fmt: skip
        return self.named('\n'.join(f'{line[0]:8.1f} {line[-1]}' for line in sorted(lines)))

    def named(self, text: str) -> str:
        """The text with names in place of IDs: recoveries are R1, R2, ..."""
        ids = {row['id']: f'R{number}' for number, row in enumerate(self.recoveries(), 1)}
        ids |= {one.id: one.name for one in self.world.instances.values()}
        for key, name in ids.items():
            text = text.replace(key, name).replace(key[:8], name)
        return text

    def _hear(self, _event: Event) -> None:
        newest = self._ear.execute('SELECT coalesce(max(id), 0) FROM event').fetchone()
        self._heard.append(int(newest[0]))

    # --- wiring -------------------------------------------------------------------------------

    def _conf(self, options: Mapping[str, Any]) -> cfg.ConfigOpts:
        conf = cfg.ConfigOpts()
        groups.register(conf)
        conf([], default_config_files=[], default_config_dirs=[])
        for name, value in options.items():
            group, _, option = name.partition('.')
            conf.set_override(option, value, group)
        url = f'sqlite:///{self.folder}/recovery.sqlite'
        conf.set_override('connection', url, 'database')
        conf.set_override('inventory', str(self.inventory_file), 'fencing')
        return conf

    def process(self, name: str, kind: str, host: str = 'controller') -> Site:
        """What one process has for its own: a site, with connections to the database."""
        store = compiled_once(Store(self.conf.database.connection, self.clock, busy_seconds=5.0))
        site = Site(
            conf=self.conf,
            clock=self.clock,
            store=store,
            identity=Identity(name, kind, host, 1),
            compute=self._compute,
            inventory=self._inventory,
        )
        self.sites[name] = site
        return site

    def _compute(self) -> NovaCompute:
        return NovaCompute(
            cloud='simulated',
            client_config_file=str(self.folder / 'clouds.yaml'),
            clock=self.clock,
            mount=self._mount,
        )

    def _mount(self, session: requests.Session) -> None:
        self._mounted.append(session)
        transport.mount(session, self.app, self.clock)

    def _inventory(self) -> Inventory:
        drivers: Drivers = {'simulated': bmc.SimulatedFencing, 'manual': ManualFencing}
        return FileInventory(str(self.inventory_file), drivers)


#: Families of events of the world that a story tells.
TOLD = ('asked.', 'power.', 'host.', 'agent.', 'service.', 'evacuate.', 'guest.twice',
        'guest.crashed', 'guest.hung', 'instance.start', 'instance.stop')  # fmt: skip


def _told(event: Event) -> str:
    """An event of the world in a few words; '' when it is not worth any."""
    if not event.what.startswith(TOLD):
        return ''
    names = ('outlet', 'target', 'destination', 'hosts')
    more = [str(event.detail[name]) for name in names if event.detail.get(name)]
    return ' '.join([event.what, event.subject, *more])


@contextlib.contextmanager
def play(**settings: Any) -> Iterator[Stage]:
    """A stage that is taken down afterwards."""
    stage = Stage(**settings)
    try:
        yield stage
    finally:
        stage.close()
