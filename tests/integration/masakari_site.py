"""A whole site in a process of its own, with a simulated cloud whose catalogue names it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from drivers.clock import SystemClock
from drivers.simulated.app import App
from drivers.simulated.server import Server
from drivers.simulated.world import World, small_world
from tests.crash.scenery import DATABASE, SETTINGS, furnish
from tests.integration.shared import answers, free_address, until
from tests.unit.recovery.claims.scene import empty

TOP = Path(__file__).resolve().parent.parent.parent
#: What tools/clients has made: Masakari's own commands and monitors, as they come from PyPI.
CLIENTS = Path(os.environ.get('RECOVERY_CLIENTS_DIR') or TOP / '.clients')
PASSWORD = 'simulated'


def clients(program: str) -> Path:
    """A program of Masakari's own clients, or a skip; in CI a skip is a failure."""
    found = CLIENTS / 'bin' / program
    if not found.exists():
        pytest.skip(f'there is no {found}: tools/clients installs it')
    return found


def aodh() -> Path:
    """Python with Aodh's own code, or a skip; in CI a skip is a failure."""
    program = clients('python')
    if not any(program.parent.parent.glob('lib/python*/site-packages/aodh')):
        pytest.skip('tools/clients of before Aodh: run it again')
    return program


class Here:
    """The world, its Keystone, and ``recovery standalone`` with its API.

    :param conf: options as 'group.name': value.
    """

    def __init__(self, folder: Path, conf: Mapping[str, Any] = {}) -> None:
        self.clock = SystemClock()
        self.world: World = small_world(self.clock, 4, 12, SETTINGS, seed=1)
        app = App(self.world)
        self._server = Server(app, self.clock, ('127.0.0.1', 0))
        self._served = self._server.start()
        self._address = free_address()
        self.url = f'http://{self._address}/v1'
        app.tokens.elsewhere['instance-ha'] = self.url
        self.keystone = f'{self._server.url}/identity/v3'
        (folder / DATABASE).write_bytes(empty())
        options = {**_options(self._address, self.keystone), **conf}
        config = furnish(folder, self._server.url, options)
        self.log = folder / 'standalone.log'
        self._process = self._start(config)
        until('the API answers', self._answers)

    def _start(self, config: Path) -> subprocess.Popen[bytes]:
        program = Path(sys.executable).with_name('recovery')
        with self.log.open('wb') as log:
            return subprocess.Popen(
                [program, '--config-file', config, 'standalone'],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def close(self) -> None:
        """End the process, and the world after it."""
        self._process.terminate()
        try:
            self._process.wait(20)
        finally:
            self._process.kill()
            self._server.stop()
            self.clock.wait(self._served, 10)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()
        return answers(self._address)

    def login(self, user: str = 'admin') -> dict[str, Any]:
        """What clients of OpenStack need to log in."""
        return {
            'auth_url': self.keystone,
            'username': user,
            'password': PASSWORD,
            'project_name': user if user != 'monitor' else 'service',
            'user_domain_name': 'Default',
            'project_domain_name': 'Default',
        }

    def environment(self, **more: str) -> Mapping[str, str]:
        """The same for commands."""
        names = {f'OS_{name.upper()}': value for name, value in self.login().items()}
        names |= {'OS_REGION_NAME': 'RegionOne', 'OS_IDENTITY_API_VERSION': '3'}
        kept = {name: os.environ[name] for name in ('PATH', 'HOME', 'LANG') if name in os.environ}
        return kept | names | {'PYTHONWARNINGS': 'ignore'} | more

    def run(self, program: Path, *words: str, typed: str = '') -> str:
        """A program of Masakari's clients. Returns what it printed; it has to end well.

        :param typed: commands for an interactive session, whose exit code says nothing.
        """
        done = subprocess.run(
            [program, *words], env=self.environment(), input=typed, capture_output=True,
            text=True, timeout=120,
        )  # fmt: skip
        ended = not done.stderr if typed else done.returncode == 0
        assert ended, f'{words}: {done.stdout}\n{done.stderr}'
        return done.stdout


def _options(address: str, keystone: str) -> dict[str, Any]:
    token = {
        'auth_type': 'password', 'auth_url': keystone, 'username': 'admin', 'password': PASSWORD,
        'project_name': 'admin', 'user_domain_name': 'Default', 'project_domain_name': 'Default',
        'www_authenticate_uri': keystone, 'service_type': 'instance-ha', 'interface': 'public',
    }  # fmt: skip
    return {
        'api.listen': address,
        **{f'keystone_authtoken.{name}': value for name, value in token.items()},
    }
