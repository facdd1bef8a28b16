"""Both APIs on this machine, beside one simulated cloud: its Keystone checks their tokens, and its
Nova says which hosts there are.

Neither has anybody who works: Masakari's engine and our worker are not started, so that what an
answer says cannot depend on how far they are.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from configparser import RawConfigParser
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from peer_scripts.processes import Failed, Process, wait_for, wait_for_port
from quickstart_scripts.world import BIN, Cloud

PASSWORD = 'simulated'  # noqa: S105 - of a cloud that exists while this runs
OPTIONS = ('--report-interval=1', '--service-down-time=4')

Configuration = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Api:
    """One that answers."""

    name: str
    url: str  #: without a path
    database: Path
    process: Process


@contextlib.contextmanager
def cloud(folder: Path, hosts: int = 6) -> Iterator[Cloud]:
    """A simulated cloud with an instance on each host. Raises Failed."""
    shutil.rmtree(folder, ignore_errors=True)
    served = Cloud(folder / 'cloud', [f'--hosts={hosts}', f'--instances={hosts}', *OPTIONS])
    try:
        served.start()
        yield served
    finally:
        served.process.stop()


def crash(served: Cloud, hosts: Sequence[str]) -> None:
    """Returns when Nova sees them down. Raises Failed."""
    for host in hosts:
        served.tell(f'/host/{host}/crash')

    def down() -> bool:
        known = served.ask()['hosts']
        return not any(known[one]['up'] for one in hosts)

    if not wait_for(down, 30.0):
        raise Failed('Nova still believes that the failed hosts are up')


def token_options(served: Cloud) -> dict[str, object]:
    """How a service asks the cloud's Keystone about a token."""
    keystone = f'{served.url}/identity/v3'
    return {
        'auth_type': 'password', 'auth_url': keystone, 'www_authenticate_uri': keystone,
        'username': 'admin', 'password': PASSWORD, 'project_name': 'admin',
        'user_domain_name': 'Default', 'project_domain_name': 'Default',
        'interface': 'public', 'service_type': 'instance-ha',
    }  # fmt: skip


@contextlib.contextmanager
def masakari(installed: Path, folder: Path, served: Cloud) -> Iterator[Api]:
    """Masakari's own masakari-api, without an engine, a queue, or its random delay of
    notifications (up to 5 s each, by default). Raises Failed."""
    place = folder / 'masakari'
    place.mkdir(parents=True)
    port, database = _free_port(), place / 'masakari.sqlite'
    link = f'sqlite:///{database}'
    options: Configuration = {
        'DEFAULT': {
            'transport_url': 'fake://', 'rpc_response_timeout': 1, 'notification_delay_max': 0,
            'masakari_api_listen': '127.0.0.1', 'masakari_api_listen_port': port,
            'masakari_api_workers': 1, 'state_path': place, 'os_region_name': 'RegionOne',
            'os_privileged_user_name': 'admin', 'os_privileged_user_password': PASSWORD,
            'os_privileged_user_tenant': 'admin',
            'os_privileged_user_auth_url': f'{served.url}/identity/v3',
            'nova_catalog_admin_info': 'compute:compute:publicURL',
        },
        'database': {'connection': link},
        'taskflow': {'connection': link},
        'oslo_concurrency': {'lock_path': place},
        'oslo_messaging_notifications': {'driver': 'noop'},
        'keystone_authtoken': token_options(served),
        'wsgi': {'api_paste_config': installed / 'etc' / 'masakari' / 'api-paste.ini'},
    }  # fmt: skip
    path = _write(place / 'masakari.conf', options)
    _prepare(installed / 'bin' / 'masakari-manage', '--config-file', path, 'db', 'sync')
    command: list[str | Path] = [installed / 'bin' / 'masakari-api', '--config-file', path]
    with _process(place / 'api', command, port) as process:
        yield Api('Masakari', f'http://127.0.0.1:{port}', database, process)


@contextlib.contextmanager
def ours(folder: Path, served: Cloud, more: Configuration = MappingProxyType({})) -> Iterator[Api]:
    """recovery-api, without a worker. Raises Failed.

    :param more: options of ours beside those that it needs.
    """
    place = folder / 'ours'
    place.mkdir(parents=True)
    port, database = _free_port(), place / 'recovery.sqlite'
    inventory = place / 'fencing.yaml'
    inventory.write_text(
        'patterns:\n- match: "*"\n  levels:\n  - - name: bmc\n      driver: simulated\n'
        f'      address: {served.url}\n      system: "{{host}}"\n'
    )
    options: dict[str, Mapping[str, object]] = {
        'database': {'connection': f'sqlite:///{database}'},
        'compute': {'cloud': 'simulated', 'clouds_file': served.clouds_file},
        'fencing': {'inventory': inventory},
        'api': {'listen': f'127.0.0.1:{port}'},
        'keystone_authtoken': token_options(served),
    }
    for group, each in more.items():
        options[group] = {**options.get(group, {}), **each}
    path = _write(place / 'recovery.conf', options)
    inventory.chmod(0o600)
    _prepare(BIN / 'recovery', '--config-file', path, 'db', 'upgrade', '--yes')
    command: list[str | Path] = [BIN / 'recovery-api', '--config-file', path]
    with _process(place / 'api', command, port) as process:
        yield Api('here', f'http://127.0.0.1:{port}', database, process)


@contextlib.contextmanager
def _process(folder: Path, command: Sequence[str | Path], port: int) -> Iterator[Process]:
    process = Process(folder)
    try:
        process.start(command)
        wait_for_port(process, port)
        yield process
    finally:
        process.stop()


def _prepare(*command: str | Path) -> None:
    ran = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, 'PYTHONWARNINGS': 'ignore'}
    )
    if ran.returncode:
        raise Failed(f'{command[0]} fails: {ran.stderr.strip()[-500:]}')


def _write(path: Path, options: Configuration) -> Path:
    parser = RawConfigParser(default_section='none')
    for group, each in options.items():
        parser[group] = {name: str(value) for name, value in each.items()}
    path.touch(mode=0o600)
    with path.open('w') as file:
        parser.write(file)
    return path


def _free_port() -> int:
    with socket.create_server(('127.0.0.1', 0)) as probe:
        return int(probe.getsockname()[1])
