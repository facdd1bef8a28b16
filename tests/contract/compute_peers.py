"""What the compute contract is run against: a real Nova, and the simulated world twice."""

from __future__ import annotations

import abc
import json
import os
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import openstack
import pytest
import requests
from requests.adapters import BaseAdapter

from drivers.clock import SystemClock
from drivers.compute.nova import NovaCompute
from drivers.contracts.clock import Clock
from drivers.simulated import app, server, transport, world

TOP = Path(__file__).resolve().parent.parent.parent
NOBODY = '00000000-0000-4000-8000-000000000000'  #: no instance, and no provider
PATIENCE = 60.0  # seconds for what Nova does in its own time


class Counting(BaseAdapter):
    """Passes requests on to where they would have gone, and counts them."""

    def __init__(self, onwards: BaseAdapter, seen: Counter[str]) -> None:
        super().__init__()
        self._onwards = onwards
        self._seen = seen
        self._lock = threading.Lock()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        with self._lock:
            self._seen[request.method or ''] += 1
            if '/auth/tokens' in (request.url or ''):
                self._seen['token'] += 1
        return self._onwards.send(request, *args, **kwargs)

    def close(self) -> None:
        self._onwards.close()


class Peer(abc.ABC):
    """A cloud of at least three hosts, and the truth about it."""

    name: ClassVar[str]
    simulated: ClassVar[bool] = True
    hosts: tuple[str, ...]
    clock: Clock = SystemClock()

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()  #: requests of all drivers, by method; and 'token'

    @abc.abstractmethod
    def driver(self, *, user: str = 'admin', password: str | None = None) -> NovaCompute:
        """A driver that is signed in as that user."""

    @abc.abstractmethod
    def add(self, host: str, *, state: str = 'active', locked: bool = False, **labels: str) -> str:
        """A new instance in that state; its id."""

    @abc.abstractmethod
    def add_foreign(self) -> str:
        """A new instance of a project that is not the driver's, on any host; its id."""

    @abc.abstractmethod
    def delete(self, instance: str) -> None:
        """The user deletes it."""

    @abc.abstractmethod
    def aggregate(self, name: str, *hosts: str) -> None:
        """Nova has these hosts in that new aggregate; none: there is no such aggregate more."""

    @abc.abstractmethod
    def power(self, host: str, on: bool) -> None:
        """Switch a host."""

    @abc.abstractmethod
    def hold(self, host: str, held: bool) -> None:
        """Rebuilds on that host stand still, or go on."""

    @abc.abstractmethod
    def hang_cell(self, hung: bool) -> None:
        """The hosts' cell stops answering Nova's API, or answers again."""

    @abc.abstractmethod
    def expire_token(self, driver: NovaCompute) -> None:
        """The token that the driver holds is void."""

    @abc.abstractmethod
    def guests(self) -> dict[str, dict[str, str]]:
        """What each hypervisor really has: state of each guest."""

    def counting(self, session: requests.Session) -> None:
        """Count what a session sends."""
        for scheme in ('http://', 'https://'):
            session.mount(scheme, Counting(session.get_adapter(scheme + 'any'), self.sent))

    def until(self, what: str, true: Callable[[], bool]) -> None:
        """Wait for something that Nova does in its own time."""
        end = self.clock.elapsed() + PATIENCE
        while not true():
            assert self.clock.elapsed() < end, f'not in {PATIENCE:g} s: {what}'
            self.clock.wait(None, 0.1)

    def close(self) -> None:
        """Leave nothing behind."""
        self.sent.clear()


class SimulatedPeer(Peer):
    """The simulated world, quick, on real time."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        quick = world.Settings(
            rebuild_seconds=0.3,
            schedule_seconds=0.05,
            power_seconds=0.05,
            boot_seconds=0.2,
            agent_seconds=0.2,
            report_interval=0.2,
            service_down_time=3600.0,
            resource_interval=1.0,
            page_limit=3,
        )
        self.world = world.small_world(self.clock, hosts=4, instances=0, settings=quick)
        self.hosts = tuple(self.world.hosts)
        self.app = app.App(self.world)
        self._clouds = folder / f'{self.name}.yaml'

    def write_clouds(self, url: str) -> None:
        text = app.clouds_yaml(url, 'admin')
        demo = app.clouds_yaml(url, 'demo').partition('\n')[2].replace(': admin', ': demo')
        wrong = app.clouds_yaml(url, 'wrong').partition('\n')[2]
        self._clouds.write_text(text + demo + wrong.replace(': simulated', ': wrong-secret'))

    def mount(self, session: requests.Session) -> None:
        self.counting(session)

    def driver(self, *, user: str = 'admin', password: str | None = None) -> NovaCompute:
        return NovaCompute(
            cloud='wrong' if password else user,
            client_config_file=str(self._clouds),
            clock=self.clock,
            mount=self.mount,
        )

    def add(self, host: str, *, state: str = 'active', locked: bool = False, **labels: str) -> str:
        with self.world:
            made = self.world.add_instance(host, vm_state=state, locked=locked, metadata=labels)
            return made.id

    def delete(self, instance: str) -> None:
        self.world.delete_instance(instance)

    def aggregate(self, name: str, *hosts: str) -> None:
        with self.world:
            if hosts:
                self.world.aggregates[name] = hosts
            else:
                del self.world.aggregates[name]

    def power(self, host: str, on: bool) -> None:
        (self.world.give_power if on else self.world.lose_power)(host)

    def hold(self, host: str, held: bool) -> None:
        (self.world.freeze_agent if held else self.world.thaw_agent)(host)

    def add_foreign(self) -> str:
        return self.add(self.hosts[-1])

    def hang_cell(self, hung: bool) -> None:
        with self.world:
            self.world.cell_hangs = hung

    def expire_token(self, driver: NovaCompute) -> None:
        self.app.tokens.revoke_all()

    def guests(self) -> dict[str, dict[str, str]]:
        with self.world:
            return {name: dict(host.guests) for name, host in self.world.hosts.items()}


class MountedPeer(SimulatedPeer):
    """The simulated world inside the client."""

    name = 'mounted'

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.write_clouds(transport.URL)

    def mount(self, session: requests.Session) -> None:
        transport.mount(session, self.app, self.clock)
        self.counting(session)


class ServedPeer(SimulatedPeer):
    """The simulated world over HTTP."""

    name = 'served'

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.server = server.Server(self.app, self.clock, ('127.0.0.1', 0))
        self.server.start()
        self.write_clouds(self.server.url)

    def close(self) -> None:
        self.server.stop()


class NovaPeer(Peer):
    """A real Nova: tools/cloud."""

    name = 'nova'
    simulated = False

    def __init__(self, folder: Path) -> None:
        super().__init__()
        clouds = os.environ.get('RECOVERY_TEST_CLOUD')
        if not clouds:
            pytest.skip('no cloud runs: tools/cloud/cloud up, then . <(tools/cloud/cloud env)')
        self._clouds = clouds
        self._folder = folder
        self._lab = self._connection('lab')
        self._owner = self._connection('lab-demo')
        self.hosts = tuple(sorted(one.host for one in self.driver().services(timeout=PATIENCE)))

    def _connection(self, name: str) -> Any:
        found = openstack.config.OpenStackConfig(config_files=[self._clouds], load_envvars=False)
        return openstack.connection.Connection(config=found.get_one(name))

    def control(self, *words: str) -> str:
        command = [str(TOP / 'tools' / 'cloud' / 'cloud'), *words]
        place = {**os.environ, 'RECOVERY_CLOUD_DIR': str(Path(self._clouds).parent)}
        ran = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, env=place, check=False
        )
        assert ran.returncode == 0 or words[0] == 'guests', ran.stderr
        return ran.stdout

    def driver(self, *, user: str = 'admin', password: str | None = None) -> NovaCompute:
        clouds = Path(self._clouds)
        if password:
            text = clouds.read_text().replace('labsecret', password)
            clouds = self._folder / 'wrong.yaml'
            clouds.write_text(text)
        return NovaCompute(
            cloud='lab' if user == 'admin' else 'lab-demo',
            client_config_file=str(clouds),
            mount=self.counting,
        )

    def add(self, host: str, *, state: str = 'active', locked: bool = False, **labels: str) -> str:
        compute = self._lab.compute
        image = self._lab.image.find_image('tiny').id
        made = compute.create_server(
            name='contract', image_id=image, flavor_id='small', networks='none', host=host,
            metadata=labels,
        )  # fmt: skip
        self._becomes(made.id, 'active')
        actions: dict[str, Any] = {
            'stopped': {'os-stop': None},
            'paused': {'pause': None},
            'suspended': {'suspend': None},
            'error': {'os-resetState': {'state': 'error'}},
        }
        if state != 'active':
            self._act(made.id, actions[state])
            self._becomes(made.id, state)
        if locked:
            self._act(made.id, {'lock': None})
        return str(made.id)

    def add_foreign(self) -> str:
        image = self._owner.image.find_image('tiny').id
        made = self._owner.compute.create_server(
            name='foreign', image_id=image, flavor_id='small', networks='none'
        )
        self._becomes(made.id, 'active')
        return str(made.id)

    def _act(self, instance: str, body: dict[str, Any]) -> None:
        answer = self._lab.compute.post(f'/servers/{instance}/action', json=body)
        assert answer.ok, answer.text

    def _becomes(self, instance: str, state: str) -> None:
        def has_become() -> bool:
            found = self._lab.compute.get_server(instance)
            return bool(found.vm_state == state and found.task_state is None)

        self.until(f'{instance} {state}', has_become)

    def delete(self, instance: str) -> None:
        found = self._lab.compute.get_server(instance)
        self._lab.compute.delete_server(found)
        self._lab.compute.wait_for_delete(found, interval=0.3, wait=PATIENCE)

    def aggregate(self, name: str, *hosts: str) -> None:
        compute = self._lab.compute
        if hosts:
            made = compute.create_aggregate(name=name)
            for host in hosts:
                compute.add_host_to_aggregate(made, host)
            return
        found = compute.find_aggregate(name, ignore_missing=False)
        for host in found.hosts:
            compute.remove_host_from_aggregate(found, host)
        compute.delete_aggregate(found)

    def power(self, host: str, on: bool) -> None:
        self.control('host', 'on' if on else 'off', host)

    def hold(self, host: str, held: bool) -> None:
        self.control('host', 'hold' if held else 'release', host)

    def hang_cell(self, hung: bool) -> None:
        self.control('cell', 'hang' if hung else 'heal')

    def expire_token(self, driver: NovaCompute) -> None:
        # Nova believes in a revoked token for five minutes more; in a wrong one it never did.
        driver._nova._cloud._token = {'X-Auth-Token': 'gAAAA-expired'}

    def guests(self) -> dict[str, dict[str, str]]:
        hosts: dict[str, dict[str, str]] = json.loads(self.control('guests', '--json'))['hosts']
        return hosts


#: Every implementation of the contract, with what it speaks to.
PEERS: list[type[Any]] = [MountedPeer, ServedPeer, NovaPeer]


def every_question(driver: NovaCompute, peer: Peer) -> list[Callable[[float], object]]:
    """Each call that asks or changes something, by how many seconds it may take."""
    return [
        lambda seconds: driver.services(timeout=seconds),
        lambda seconds: driver.hypervisors(timeout=seconds),
        lambda seconds: driver.instances(host=peer.hosts[0], timeout=seconds),
        lambda seconds: driver.image_properties(host=peer.hosts[0], timeout=seconds),
        lambda seconds: driver.instances_changed(since=0, timeout=seconds),
        lambda seconds: driver.instance(NOBODY, timeout=seconds),
        lambda seconds: driver.migrations(timeout=seconds),
        lambda seconds: driver.migrations(since=0, timeout=seconds),
        lambda seconds: driver.consumers(NOBODY, timeout=seconds),
        lambda seconds: driver.traits(NOBODY, timeout=seconds),
        lambda seconds: driver.capacities(timeout=seconds),
        lambda seconds: driver.set_service(NOBODY, forced_down=True, timeout=seconds),
        lambda seconds: driver.evacuate(
            NOBODY, target=None, keep_stopped=False, timeout=seconds
        ) or '',
        lambda seconds: driver.check_access(timeout=seconds),
    ]  # fmt: skip
