"""A client is killed or frozen at one moment of its n-th request, in process and in earnest."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import requests

from drivers.contracts.errors import DriverError
from drivers.simulated.app import App
from drivers.simulated.bmc import SimulatedFencing
from drivers.simulated.clock import VirtualClock
from drivers.simulated.faults import Note
from drivers.simulated.server import Server
from drivers.simulated.transport import URL, mount
from drivers.simulated.world import World

CLIENT = """
import sys
import requests
session = requests.Session() if len(sys.argv) == 2 else requests  # one connection, or one each
for number in range(1, 9):
    if number == 3:
        session.post(sys.argv[1] + '/redfish/v1/Systems/compute-01/Actions/ComputerSystem.Reset',
                     json={'ResetType': 'ForceOff'})
    else:
        session.get(sys.argv[1] + '/redfish/v1/')
    print(number, flush=True)
sys.stdin.readline()
"""

FROM_A_PORT = """
import socket, sys
port = int(sys.stdin.readline())
with socket.socket() as one:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(('127.0.0.1', port))
    one.connect(('127.0.0.1', int(sys.argv[1])))
    one.sendall(b'GET /redfish/v1/ HTTP/1.0\\r\\n\\r\\n')
    print(one.recv(10))
"""
OTHERS = 30


def kills(clock: VirtualClock, name: str, moment: str) -> Callable[[Note], None]:
    return lambda _: clock.kill(name, later=moment == 'answered')


@pytest.mark.parametrize('direct', [True, False])
@pytest.mark.parametrize(
    ('moment', 'applied', 'knows'),
    [('received', False, False), ('applied', True, False), ('answered', True, True)],
)
def test_a_worker_dies_at_each_moment(
    app: App,
    world: World,
    clock: VirtualClock,
    direct: bool,
    moment: str,
    applied: bool,
    knows: bool,
) -> None:
    did: list[str] = []
    bmc = SimulatedFencing({'address': 'sim://compute-01'}, world)
    session = requests.Session()
    mount(session, app)

    def power_off() -> None:
        if direct:
            bmc.power_off(timeout=5)
        else:
            path = '/redfish/v1/Systems/compute-01/Actions/ComputerSystem.Reset'
            session.post(URL + path, json={'ResetType': 'ForceOff'}, timeout=5)

    def worker() -> None:
        try:
            power_off()
            did.append('knows')
            power_off()
            did.append('sent another')
        except (DriverError, requests.RequestException):
            did.append('took it for an error')
        finally:
            clock.spawn('tidies', lambda: did.append('tidied up'))

    world.faults.kill('bmc.power-off', 1, moment, kills(clock, 'w1', moment), client='w1*')
    clock.spawn('w1', worker)
    clock.run()
    assert did == (['knows'] if knows else [])
    assert len(list(world.trace.find('asked.off'))) == applied
    assert len(world.faults.requests) == 1


def test_only_the_named_client_and_number_count(world: World, clock: VirtualClock) -> None:
    point = world.faults.kill('bmc.*', 2, 'received', kills(clock, 'w2', ''), client='w2*')
    reads: list[str] = []

    def worker() -> None:
        bmc = SimulatedFencing({'address': 'sim://compute-01'}, world)
        for _ in range(3):
            bmc.power_state(timeout=1)
            reads.append(clock.actor)
            clock.wait(None, 1)

    for name in ('w1', 'w2'):
        clock.spawn(name, worker)
    clock.run()
    assert reads.count('w1') == 3
    assert reads.count('w2') == 1
    assert point.hit is not None
    assert point.hit.client == 'w2'
    with pytest.raises(ValueError, match='no moment'):
        world.faults.kill('*', 1, 'sometime', lambda _: None)


def test_a_worker_freezes_while_the_bmc_holds_its_request(
    world: World, clock: VirtualClock
) -> None:
    """H9: the request is carried out although its sender stands still."""
    bmc = SimulatedFencing({'address': 'sim://compute-01'}, world)
    world.faults.add('bmc.power-off', 'delay', 5)
    world.faults.kill('bmc.power-off', 1, 'received', lambda _: clock.freeze('w1', later=True))
    seen: list[tuple[float, bool]] = []

    def worker() -> None:
        bmc.power_off(timeout=8)
        seen.append((clock.elapsed(), True))

    def script() -> None:
        clock.wait(None, 20)
        with world:
            seen.append((clock.elapsed(), world.hosts['compute-01'].powered))
        clock.thaw('w1')

    clock.spawn('w1', worker)
    clock.spawn('script', script)
    clock.run()
    assert seen == [(20, False), (20, True)]


@pytest.fixture(params=['one connection', 'many'])
def client(served: Server, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, '-c', CLIENT, served.url, *['many'] * (request.param == 'many')],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize('moment', ['received', 'applied', 'answered'])
def test_a_real_process_is_killed(
    served: Server, client: subprocess.Popen[str], moment: str
) -> None:
    answer = requests.post(
        f'{served.url}/_world/kill',
        json={'kind': 'bmc.power-off', 'number': 1, 'moment': moment, 'pids': [client.pid]},
        timeout=5,
    )
    assert answer.ok, answer.text
    said, _ = client.communicate(timeout=30)
    assert client.returncode == -signal.SIGKILL
    assert said.split()[:2] == ['1', '2']
    if moment != 'answered':
        assert said.split() == ['1', '2']
    asked = list(served.app.world.trace.find('asked.off'))
    assert len(asked) == (0 if moment == 'received' else 1)


def test_who_asks_by_a_child_is_killed_himself(served: Server) -> None:
    asking = f"import requests; requests.get('{served.url}/redfish/v1/'); print('answered')"
    parent = 'import subprocess, sys; sys.stdin.readline()\n'
    parent += f'subprocess.run([sys.executable, "-c", {asking!r}])'
    with subprocess.Popen(
        [sys.executable, '-c', parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        requests.post(
            f'{served.url}/_world/kill',
            json={
                'kind': 'redfish.root', 'number': 1, 'moment': 'received', 'pids': [process.pid],
            },
            timeout=5,
        )  # fmt: skip
        said, _ = process.communicate('\n', timeout=30)
        assert process.returncode == -signal.SIGKILL
        assert said == ''


def test_another_process_is_spared(served: Server, client: subprocess.Popen[str]) -> None:
    with subprocess.Popen(['sleep', '60']) as other:
        requests.post(
            f'{served.url}/_world/kill',
            json={'kind': 'redfish.*', 'number': 1, 'moment': 'received', 'pids': [other.pid]},
            timeout=5,
        )
        said, _ = client.communicate('\n', timeout=30)
        assert other.poll() is None
        other.kill()
    assert client.returncode == 0
    assert said.split() == [str(number) for number in range(1, 9)]


def test_a_port_that_has_other_connections_too(served: Server) -> None:
    """Linux gives one local port to connections to different addresses."""
    with ExitStack() as stack:
        port = 0
        for _ in range(OTHERS):  # the kernel lists them in any order
            heard = stack.enter_context(socket.create_server(('127.0.0.1', 0)))
            one = stack.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(('127.0.0.1', port))
            one.connect(heard.getsockname())
            port = one.getsockname()[1]
        client = stack.enter_context(
            subprocess.Popen(
                [sys.executable, '-c', FROM_A_PORT, str(served.server_address[1])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        point = {'kind': 'redfish.root', 'number': 1, 'moment': 'received', 'pids': [client.pid]}
        requests.post(f'{served.url}/_world/kill', json=point, timeout=5)
        said, _ = client.communicate(f'{port}\n', timeout=30)
    assert client.returncode == -signal.SIGKILL
    assert said == ''
