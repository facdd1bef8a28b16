"""The site of tools/quickstart: its files, and every process of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

from peer_scripts.processes import Failed, Process
from peer_scripts.redfish_farm import RedfishFarm
from peer_scripts.settings import TOP, Settings

from quickstart_scripts.world import BIN, Cloud, forget_environment

FOLDER = TOP / '.quickstart'
HOSTS = [f'compute-{number:02d}' for number in range(1, 5)]
INSTANCES = 20

#: Everything is quicker here than it should be anywhere else, so that it is over in half a minute.
CLOUD = [
    f'--hosts={len(HOSTS)}',
    f'--instances={INSTANCES}',
    '--rebuild-seconds=2.5',
    '--boot-seconds=2',
    '--report-interval=1',
    '--service-down-time=4',
]
CONFIGURATION = """\
# Written by tools/quickstart. The times are for people who watch; their defaults are for clouds.
[database]
connection = sqlite:///{folder}/recovery.sqlite
[compute]
cloud = simulated
clouds_file = {folder}/cloud/clouds.yaml
[fencing]
inventory = {folder}/fencing.yaml
[evacuation]
instance_storage = shared
# Few at once, so that there is something left to do when a worker is killed.
senders = 1
at_once = 3
poll_seconds = 0.5
[policy]
down_seconds = 4
settle_seconds = 0
startup_seconds = 0
weakened = nova, settled, start-up: nothing else fails here, and nobody wants to wait
[restore]
policy = never
healthy_seconds = 2
poll_seconds = 0.5
[watcher]
sweep_seconds = 0.5
[worker]
lease_seconds = 5
"""


class Site:
    """A cloud with BMCs, two workers and a watcher, below ``.quickstart/``."""

    def __init__(self) -> None:
        self.cloud = Cloud(FOLDER / 'cloud', CLOUD)
        self.workers = [Process(FOLDER / f'worker-{number}') for number in (1, 2)]
        self.watcher = Process(FOLDER / 'watcher')
        self.farm = RedfishFarm(_peers(0))

    def processes(self) -> Iterator[Process]:
        """Every process that there may be, in the order in which they are to end."""
        yield from (*self.workers, self.watcher, self.farm.process, self.cloud.process)

    def end(self) -> None:
        """End everything, also of an earlier run that could not."""
        for process in self.processes():
            process.stop(patience=5.0)

    def clear(self) -> None:
        """An empty folder."""
        self.end()
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir()
        (FOLDER / 'recovery.conf').write_text(CONFIGURATION.format(folder=FOLDER))

    def start_cloud(self) -> None:
        """The cloud, and a BMC for each of its hosts that really switches it. Raises Failed."""
        self.cloud.start()
        self.cloud.tell('/settings', agent_seconds=1.0)
        self.farm = RedfishFarm(_peers(_free_port(), self.cloud.url.removeprefix('http://')))
        self.farm.start()
        self._write_inventory()
        self.farm.wait()

    def _write_inventory(self) -> None:
        settings = self.farm.settings
        password = FOLDER / 'bmc.password'
        password.touch(mode=0o600)
        password.write_text(settings.password)
        common = {
            'address': self.farm.address,
            'username': settings.user,
            'password': {'file': 'bmc.password'},
            'verify': str(self.farm.authority),
        }
        hosts = {
            name: [[{'name': 'bmc', 'driver': 'redfish', 'system': settings.uuid(name)}]]
            for name in HOSTS
        }
        inventory = FOLDER / 'fencing.yaml'
        # JSON is YAML, and the standard library writes it.
        inventory.write_text(
            json.dumps({'defaults': {'redfish': common}, 'hosts': hosts}, indent=2)
        )

    def start_services(self) -> None:
        """Two workers and a watcher, each a process."""
        options = ['--config-file', str(FOLDER / 'recovery.conf')]
        for worker in self.workers:
            worker.start([BIN / 'recovery-worker', *options])
        self.watcher.start([BIN / 'recovery-watcher', *options])

    def check(self) -> None:
        """Raises Failed when something has ended that should not have."""
        for process in self.processes():
            if process.pid() is None:
                raise Failed(f'{process.directory.name} ended; see {process.log}')

    def kill(self, worker: Process) -> None:
        """kill -9."""
        pid = worker.pid()
        if pid is None:
            raise Failed(f'{worker.directory.name} has ended already; see {worker.log}')
        os.kill(pid, signal.SIGKILL)


def _peers(port: int, cloud: str = '') -> Settings:
    # Relative to where the farm runs: the folder of this project may have a space in its name.
    up = '../../..'
    hook = f'{up}/.venv/bin/python -I -S {up}/tools/quickstart_scripts/power.py {cloud}'
    return Settings(directory=FOLDER / 'bmcs', port=port, names=tuple(HOSTS), hook=hook)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return int(free.getsockname()[1])


def use() -> None:
    """Let every command that follows be one of this site, as the first act shows it."""
    forget_environment()
    os.environ['PATH'] = f'{BIN}{os.pathsep}{os.environ.get("PATH", os.defpath)}'
    os.environ['RECOVERY_CONFIG'] = str(FOLDER / 'recovery.conf')


def read(*words: str) -> Any:
    """What a command of ours shows, as data. Raises Failed."""
    ran = subprocess.run(['recovery', *words, '-f', 'json'], capture_output=True, text=True)
    if ran.returncode:
        raise Failed(f'recovery {" ".join(words)}: {ran.stderr.strip()}')
    return json.loads(ran.stdout)
