"""sushy-tools' emulator, one system per host, as a peer. ``redfish_server`` is the process."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.request import Request, urlopen

from peer_scripts.peer import Farm
from peer_scripts.processes import Failed, Process, wait_for
from peer_scripts.settings import TOP, Settings


class RedfishFarm(Farm):
    """All the hosts' systems behind one address, as in an enclosure."""

    name = 'redfish'
    programs = (str(TOP / '.venv/bin/python'),)

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.process = Process(self.directory)
        self.address = f'https://127.0.0.1:{settings.redfish_port}'
        self.authority = self.directory / 'authority.pem'

    def start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / 'hook').write_text(self.settings.hook + '\n')
        if self.runs():
            return
        self.authority.unlink(missing_ok=True)
        told = {
            'directory': str(self.directory),
            'port': self.settings.redfish_port,
            'user': self.settings.user,
            'password': self.settings.password,
            'systems': {name: self.settings.uuid(name) for name in self.settings.names},
        }
        (self.directory / 'settings.json').write_text(json.dumps(told))
        self.process.start(
            [*self.programs, '-m', 'peer_scripts.redfish_server', 'settings.json'],
            {'PYTHONPATH': str(TOP / 'tools')},
        )

    def wait(self) -> None:
        def answers() -> bool:
            if self.process.pid() is None:
                raise Failed(f'it ended at once; see {self.process.log}')
            try:
                self._ask('GET', '/_received/none')
            except OSError:
                return False
            return True

        if not wait_for(answers, 30.0):
            raise Failed(f'{self.address} does not answer; see {self.process.log}')

    def stop(self) -> None:
        self.process.stop()

    def runs(self) -> bool:
        return self.process.pid() is not None

    def environment(self) -> Mapping[str, str]:
        systems = (f'{name}:{self.settings.uuid(name)}' for name in self.settings.names)
        return {
            'RECOVERY_TEST_REDFISH': ' '.join(systems),
            'RECOVERY_TEST_REDFISH_URL': self.address,
            'RECOVERY_TEST_REDFISH_CA': str(self.authority),
        }

    def fault(self, name: str, kind: str) -> None:
        answer = self._ask('PUT', f'/_fault/{self.settings.uuid(name)}/{kind}')
        if 'wrong' in answer:
            raise Failed(answer['wrong'])

    def power(self, name: str, state: str) -> str:
        answer = self._ask('PUT', f'/_power/{self.settings.uuid(name)}/{state}')
        return str(answer['power'])

    def received(self, name: str) -> list[str]:
        return list(self._ask('GET', f'/_received/{self.settings.uuid(name)}')['received'])

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        trust = ssl.create_default_context(cafile=str(self.authority))
        request = Request(self.address + path, method=method)  # noqa: S310 - always https
        try:
            with urlopen(request, timeout=10.0, context=trust) as response:  # noqa: S310
                answer: dict[str, Any] = json.load(response)
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        return answer
