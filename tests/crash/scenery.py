"""What plays with real processes begin with: a world in which a host is dead, and a database."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import yaml

from drivers.clock import SystemClock
from drivers.simulated.app import App, clouds_yaml
from drivers.simulated.server import Server
from drivers.simulated.world import Settings, World, small_world
from recovery.db import states, tables
from recovery.db.store import Store
from tests.crash import devices

HOST = 'compute-02'
#: Where a play begins: the host is dead; the alarm about it is admitted; its return is admitted.
SCENES = ('crashed', 'host-down', 'host-return')
SETTINGS = Settings(
    rebuild_seconds=0.5,
    schedule_seconds=0.05,
    power_seconds=0.1,
    boot_seconds=1.0,
    agent_seconds=0.2,
    report_interval=1.0,
    service_down_time=3.0,
    resource_interval=1.0,
)
CONF: Mapping[str, Any] = {
    'board.poll_seconds': 0.2,
    'compute.cloud': 'simulated',
    'evacuation.instance_storage': 'shared',
    'evacuation.poll_seconds': 0.25,
    'fencing.poll_seconds': 0.1,
    'policy.down_seconds': 2.0,
    'policy.settle_seconds': 0.0,
    'policy.startup_seconds': 0.0,
    'policy.weakened': 'nova, settled, start-up: one host of the world dies, and time is short',
    'restore.healthy_seconds': 0.5,
    'restore.policy': 'never',
    'restore.poll_seconds': 0.2,
    'watcher.fence_check_seconds': 0.0,  # nobody dies for a question that changes nothing
    'watcher.sweep_seconds': 0.5,
    'worker.lease_seconds': 5.0,
}
DATABASE = 'recovery.sqlite'
SECONDS = 150.0  # a wait that ends only on a machine that is badly overloaded


class TooLate(AssertionError):
    """What was waited for did not come."""


def until(true: Callable[[], Any], what: str, seconds: float = SECONDS) -> None:
    """Wait for something to become true. Raises TooLate."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TooLate(f'{what}: not within {seconds:g} s')
        time.sleep(0.05)


def control(url: str, method: str, path: str, body: Any = None) -> Any:
    """Ask the world behind the scenes (:mod:`drivers.simulated.control`)."""
    data = None if body is None else json.dumps(body).encode()
    kind = {'Content-Type': 'application/json'}  # urllib would call it a form
    request = urllib.request.Request(f'{url}/_world{path}', data, kind, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def furnish(
    folder: Path, url: str, conf: Mapping[str, Any], driver: str = devices.SIMULATED
) -> Path:
    """Write the files that the product is configured by. Returns the main one.

    :param url: of the served world.
    :param conf: options as 'group.name': value, over :data:`CONF`.
    :param driver: by which the hosts are reached, see :mod:`tests.crash.devices`.
    """
    (folder / 'clouds.yaml').write_text(clouds_yaml(url))
    levels = [[devices.device(driver, folder, url)]]
    inventory = {'patterns': [{'match': '*', 'levels': levels}]}
    (folder / 'fencing.yaml').write_text(yaml.safe_dump(inventory))
    parser = RawConfigParser()
    wanted = {
        **CONF,
        'compute.clouds_file': folder / 'clouds.yaml',
        'database.connection': f'sqlite:///{folder / DATABASE}',
        'fencing.inventory': folder / 'fencing.yaml',
        **conf,
    }
    for name, value in wanted.items():
        group, _, option = name.partition('.')
        if not parser.has_section(group):
            parser.add_section(group)
        parser.set(group, option, str(value))
    path = folder / 'recovery.conf'
    with path.open('w') as file:
        parser.write(file)
    for written in folder.iterdir():
        written.chmod(0o600)
    devices.write_agent(folder)
    return path


@contextlib.contextmanager
def served(world: World) -> Iterator[str]:
    """The world over HTTP, by threads of this process that are gone afterwards."""
    clock = SystemClock()
    server = Server(App(world), clock, ('127.0.0.1', 0))
    ended = server.start()
    try:
        yield server.url
    finally:
        server.stop()
        clock.wait(ended, 10)
        until(lambda: threading.active_count() == 1, 'the threads of the server end')


def prepare(scene: str, folder: Path) -> World:
    """Play up to the beginning of a scene, by the real commands. Leaves no thread behind."""
    world = small_world(SystemClock(), hosts=4, instances=12, settings=SETTINGS, seed=1)
    with served(world) as url:
        conf = furnish(folder, url, {})
        _command('recovery', 'db', 'upgrade', '--yes', conf=conf)
        _until_service(world, up=True)
        world.crash(HOST)
        _until_service(world, up=False)
        if scene != 'crashed':
            _command('recovery', 'alarm', 'raise', 'host-down', HOST, conf=conf)
        if scene == 'host-return':
            _recover(folder, conf)
            _command(
                *('recovery', 'host', 'return', HOST, '--reason', 'repaired', '--yes'), conf=conf
            )
    _settle(folder)
    world.faults.requests.clear()
    return world


def _until_service(world: World, *, up: bool) -> None:
    def seen() -> bool:
        with world:
            return world.agents.up(world.hosts[HOST]) is up

    until(seen, f'the service of {HOST} is {"up" if up else "down"}')


def _command(name: str, *words: str, conf: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / name, *words],
        env=os.environ | {'RECOVERY_CONFIG': str(conf)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, f'{name} {" ".join(words)}: {done.stdout}{done.stderr}'


def _recover(folder: Path, conf: Path) -> None:
    store = Store(f'sqlite:///{folder / DATABASE}', SystemClock())
    log = folder / 'product.log'
    with log.open('w') as file:
        daemons = [
            subprocess.Popen(
                [Path(sys.executable).parent / name, '--config-file', conf],
                stdout=file,
                stderr=file,
            )
            for name in ('recovery-worker', 'recovery-watcher')
        ]
    try:
        until(lambda: _states(store) == [states.DONE], 'the host is recovered')
    except TooLate as error:
        raise TooLate(f'{error}: {_states(store)}\n{log.read_text()}') from error
    finally:
        for daemon in daemons:
            daemon.terminate()
        for daemon in daemons:
            daemon.wait(20)
        store.close()


def _states(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(tables.recovery.select()).scalars('state'))


def _settle(folder: Path) -> None:
    """One file, so that a copy of it is a copy of the database."""
    store = Store(f'sqlite:///{folder / DATABASE}', SystemClock())
    with store.engine.connect() as connection:
        connection.exec_driver_sql('PRAGMA wal_checkpoint(TRUNCATE)')
    store.close()
