"""Ironic and MAAS as the simulated world serves them, in a process of their own.

No real Ironic and no real MAAS is asked anywhere: what these drivers take for granted about them
is what the faces say, and those were written from the projects' sources.
"""

from __future__ import annotations

import atexit
import functools
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import requests

from drivers.contracts.fencing import FencingDriver
from drivers.fencing.ironic import IronicFencing
from drivers.fencing.maas import MaasFencing
from drivers.simulated.faces.maas import API_KEY
from tests.contract.fencing_peer import Fault, Peer

NOBODY = 'http://127.0.0.1:9'
QUICK, SLOW = 0.05, 2.0  #: seconds that a change of power takes

#: what of the world's faults stands for which of the contract's
EFFECTS: dict[Fault, dict[str, Any]] = {
    Fault.HANG: {'kind': 'bmc.*', 'effect': 'hang'},
    Fault.DRIP: {'kind': 'bmc.*', 'effect': 'drip'},
    Fault.DROP: {'kind': 'bmc.*', 'effect': 'drop'},
    Fault.BUSY: {'kind': 'bmc.*', 'effect': 'error', 'value': 503},
    Fault.NOISE: {'kind': 'bmc.*', 'effect': 'noise'},
    Fault.REFUSE: {'kind': 'bmc.power-o*', 'effect': 'refuse'},
    Fault.STUCK: {'kind': 'bmc.power-o*', 'effect': 'stuck'},
    Fault.LIE: {'kind': 'bmc.power-state', 'effect': 'lie', 'value': 'on'},
    Fault.ODD: {'kind': 'bmc.power-state', 'effect': 'lie', 'value': 'error'},
}


class SimulatedCloud:
    """A small cloud, served until the tests end."""

    def __init__(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.clouds = Path(self.directory.name) / 'clouds.yaml'
        self._process = subprocess.Popen(
            [
                *(sys.executable, '-m', 'drivers.simulated', '--hosts', '3', '--instances', '0'),
                *('--clouds-file', str(self.clouds)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._end)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[-1]

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        self.directory.cleanup()

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = requests.request(method, f'{self.url}/_world{path}', json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()


served = functools.cache(SimulatedCloud)


class SimulatedPeer(Peer):
    """A controller in front of the BMCs of a simulated cloud."""

    faults = frozenset(Fault)

    def __init__(self) -> None:
        self.cloud = served()
        self.hosts = tuple(self.cloud.control('GET', '')['hosts'])
        self._slow = False

    def broken(self, host: str, fault: Fault) -> FencingDriver:
        if fault is Fault.DEAD:
            return self.unreachable(host)
        if fault is Fault.SLOW:
            self._slow = True
            self.cloud.control('POST', '/settings', {'power_seconds': SLOW})
        else:
            self.cloud.control('POST', '/fault', EFFECTS[fault] | {'subject': host})
        return self.driver(host)

    def unreachable(self, host: str) -> FencingDriver:
        """A driver for a controller that is not there."""
        raise NotImplementedError

    def restore(self) -> None:
        self.cloud.control('DELETE', '/fault')
        self.cloud.control('POST', '/settings', {'power_seconds': QUICK})
        if self._slow:  # whatever was accepted is still carried out
            self.clock.wait(None, SLOW)
            self._slow = False
        for host in self.hosts:
            self.cloud.control('POST', f'/host/{host}', {'transition': None, 'node_error': None})
            self.switch(host, on=True)

    def is_on(self, host: str) -> bool:
        powered: bool = self.cloud.control('GET', '')['hosts'][host]['powered']
        return powered

    def switch(self, host: str, on: bool) -> None:
        self.cloud.control('POST', f'/host/{host}/{"give" if on else "lose"}_power')

    def contacts(self, host: str) -> int:
        return sum(self._received(host).values())

    def requests_to_switch(self, host: str) -> int:
        received = self._received(host)
        return received.get('bmc.power-off', 0) + received.get('bmc.power-on', 0)

    def _received(self, host: str) -> dict[str, int]:
        received: dict[str, int] = self.cloud.control('GET', f'/requests?of={host}')
        return received


class MaasPeer(SimulatedPeer):
    """Plain requests, and the simulated MAAS."""

    name = 'maas'

    def driver(self, host: str, *, password: str | None = None) -> FencingDriver:
        return self._driver(host, password or self.password, self.cloud.url)

    def unreachable(self, host: str) -> FencingDriver:
        return self._driver(host, self.password, NOBODY)

    def _driver(self, host: str, secret: str, url: str) -> FencingDriver:
        key = f'{API_KEY.rpartition(":")[0]}:{secret}'
        return MaasFencing.build({'address': f'{url}/MAAS', 'system': host, 'api_key': key})

    @property
    def password(self) -> str:
        return API_KEY.rpartition(':')[2]


class IronicPeer(SimulatedPeer):
    """openstacksdk, and the simulated Keystone and Ironic."""

    name = 'ironic'
    from_record = True
    password = 'simulated'

    def driver(self, host: str, *, password: str | None = None) -> FencingDriver:
        return self._driver(host, password or self.password, self.cloud.url)

    def unreachable(self, host: str) -> FencingDriver:
        return self._driver(host, self.password, NOBODY)

    def _driver(self, host: str, password: str, url: str) -> FencingDriver:
        said = self.cloud.clouds.read_text().replace(self.cloud.url, url)
        file = self.cloud.clouds.with_name(f'{password}-{url.rpartition(":")[2]}.yaml')
        file.write_text(said.replace('password: simulated', f'password: {password}'))
        settings = {'address': 'simulated', 'system': host, 'clouds_file': str(file)}
        return IronicFencing.build(settings)
