"""A site for one measurement: database, configuration, and one recovery-worker process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from oslo_config import cfg
from peer_scripts.processes import Failed, Process, wait_for
from quickstart_scripts.world import BIN

from bench_scripts.scenario import AT_ONCE, POLL_SECONDS, SENDERS, SENDERS_IN_ALL
from drivers.clock import SystemClock
from recovery import conf as groups
from recovery import plugins
from recovery.site import Site

CONFIGURATION = """\
[database]
connection = {database}
[compute]
cloud = simulated
clouds_file = {folder}/cloud/clouds.yaml
[fencing]
inventory = {folder}/fencing.yaml
poll_seconds = {poll}
[evacuation]
instance_storage = shared
at_once = {at_once}
senders = {senders}
senders_of_process = {senders_in_all}
poll_seconds = {poll}
[worker]
recoveries = 40
[policy]
down_seconds = 3
settle_seconds = 0
startup_seconds = 0
mass_share = 1
fence_budget = 1000
weakened = nova, settled, start-up, mass-failure, fence-budget: all that would be measured here
[restore]
policy = never
"""

AS_THE_UNIT = {'MALLOC_ARENA_MAX': '2'}  #: etc/systemd/recovery-worker.service


@contextlib.contextmanager
def database(url: str | None, folder: Path, name: str) -> Iterator[str]:
    """The URL of an empty database: a file, or a schema of its own on the server of ``url``."""
    if url is None:
        yield f'sqlite:///{folder}/recovery.sqlite'
        return
    try:
        given = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise Failed('--database is no URL; one is mysql+pymysql://USER:PASSWORD@HOST') from None
    own = given.set(database=f'recovery_bench_{name.replace("-", "_")}')
    server = sa.create_engine(given.set(database=None), isolation_level='AUTOCOMMIT')

    def run(statement: str) -> None:
        with server.connect() as connection:
            connection.exec_driver_sql(statement)

    run(f'DROP DATABASE IF EXISTS {own.database}')
    run(f'CREATE DATABASE {own.database}')
    try:
        yield own.render_as_string(hide_password=False)
    finally:
        run(f'DROP DATABASE {own.database}')
        server.dispose()


def write(folder: Path, url: str, cloud: str) -> Path:
    """Configuration and inventory. Returns the path of recovery.conf."""
    device = {'name': 'bmc', 'driver': 'simulated', 'address': cloud, 'system': '{host}'}
    patterns = {'patterns': [{'match': '*', 'levels': [[device]]}]}
    (folder / 'fencing.yaml').write_text(json.dumps(patterns))
    path = folder / 'recovery.conf'
    path.touch(mode=0o600)
    path.write_text(
        CONFIGURATION.format(
            database=url.replace('%', '%%').replace('$', '$$'),
            folder=folder,
            at_once=AT_ONCE,
            senders=SENDERS,
            senders_in_all=SENDERS_IN_ALL,
            poll=POLL_SECONDS,
        )
    )
    return path


def upgrade(path: Path) -> None:
    """Make the tables. Raises Failed."""
    command = [str(BIN / 'recovery'), '--config-file', str(path), 'db', 'upgrade', '--yes']
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise Failed(ran.stderr.strip())


def open_site(path: Path) -> Site:
    """The site in this process, to raise alarms and to look."""
    conf = cfg.ConfigOpts()
    groups.register(conf)
    conf(['--config-file', str(path)], project='recovery')
    return plugins.open_site(conf, SystemClock())


@dataclass(frozen=True)
class Usage:
    """What a process has used."""

    cpu: float  #: seconds
    memory: float  #: MB, the most so far


def usage(process: Process) -> Usage:
    """Raises Failed when it has ended."""
    pid = process.pid()
    if pid is None:
        raise Failed(f'a process ended; see {process.log}')
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    ticks = sum(int(field) for field in fields[11:15])  # own and children's, user and system
    status = Path(f'/proc/{pid}/status').read_text()
    peak = next(line for line in status.splitlines() if line.startswith('VmHWM'))
    return Usage(ticks / os.sysconf('SC_CLK_TCK'), int(peak.split()[1]) / 1024)


class Worker:
    """One recovery-worker process."""

    def __init__(self, folder: Path) -> None:
        self._process = Process(folder / 'worker')

    def start(self, path: Path, environment: Mapping[str, str] | None = None) -> None:
        """Returns when it has nothing left to prepare. Raises Failed."""
        command = [str(BIN / 'recovery-worker'), '--config-file', str(path)]
        self._process.start(command, {**AS_THE_UNIT, **(environment or {})})
        if not wait_for(lambda: ' started' in self._process.log.read_text(), 30.0):
            raise Failed(f'the worker does not start; see {self._process.log}')
        before = [-1.0]

        def rests() -> bool:
            last, before[0] = before[0], self.usage().cpu
            return not wait_for(lambda: self.usage().cpu - last > 0.1, 1.0)

        if not wait_for(rests, 60.0):
            raise Failed(f'the worker does not come to rest; see {self._process.log}')

    def usage(self) -> Usage:
        """Raises Failed when it has ended."""
        return usage(self._process)

    def stop(self) -> None:
        """SIGTERM."""
        self._process.stop(patience=15.0)
