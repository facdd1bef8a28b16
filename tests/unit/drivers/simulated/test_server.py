"""recovery-simulated: the command, and what it takes from outside."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from drivers.simulated.server import Server

HOST = 'compute-01'


@pytest.fixture
def control(served: Server) -> Any:
    def ask(method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = requests.request(method, f'{served.url}/_world{path}', json=body, timeout=5)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


def test_things_can_be_made_to_happen(control: Any, served: Server) -> None:
    assert control('POST', f'/host/{HOST}/crash')['kernel'] == 'crashed'
    truth = control('GET', '')
    assert truth['hosts'][HOST]['powered']
    assert len(truth['instances']) == 20
    events = control('GET', '/trace')
    assert events['events'][-1]['what'] == 'host.crashed' or events['next'] > 20
    assert control('GET', f'/trace?after={events["next"]}')['events'] == []
    control('POST', f'/host/{HOST}', {'autostart': True})
    assert served.app.world.hosts[HOST].autostart
    made = control(
        'POST',
        '/instance',
        {'host': HOST, 'name': 'odd', 'vm_state': 'paused', 'flavor': {'vcpus': 2}},
    )
    assert served.app.world.instances[made['id']].flavor.vcpus == 2
    assert control('POST', '/settings', {'rebuild_seconds': 3})['rebuild_seconds'] == 3
    assert control('POST', '/cell', {'hangs': True}) == {'hangs': True}
    control('POST', '/tokens')
    control('POST', '/note', {'what': 'recovery.done', 'subject': HOST})
    assert 'lost' in control('GET', '/verdict')['sentence']


def test_faults_are_set_and_cleared(control: Any, served: Server) -> None:
    control('POST', '/fault', {'kind': 'nova.*', 'effect': 'error', 'value': 502})
    assert requests.get(f'{served.url}/compute/', timeout=5).status_code == 502
    assert len(control('GET', '')['faults']) == 1
    control('DELETE', '/fault')
    assert requests.get(f'{served.url}/compute/', timeout=5).ok
    assert control('GET', '/requests') == {'nova.versions': 2}


def test_mistakes_are_named(control: Any) -> None:
    assert 'no host' in control('POST', '/host/nobody/crash', status=400)['error']
    assert 'lose_power' in control('POST', f'/host/{HOST}/explode', status=404)['error']
    assert 'autostart' in control('POST', f'/host/{HOST}', {'colour': 1}, status=400)['error']
    wrong = {'kind': '*', 'effect': 'explode'}
    assert 'no effect' in control('POST', '/fault', wrong, status=400)['error']
    assert 'not served' in control('GET', '/nothing', status=404)['error']
    kill = {'kind': '*', 'number': 1, 'moment': 'received', 'pids': [1], 'signal': 'SIGNOT'}
    assert 'no signal' in control('POST', '/kill', kill, status=400)['error']


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    at = tmp_path / 'world.sock'
    process = subprocess.Popen(
        [
            *(sys.executable, '-m', 'drivers.simulated', '--hosts', '3', '--instances', '6'),
            *('--spare', '1', '--state-socket', str(at)),
            *('--clouds-file', str(tmp_path / 'clouds.yaml')),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith('3 hosts with 6 instances at http://127.0.0.1:')
        url = said.split()[-1]
        assert f'auth_url: {url}/identity' in (tmp_path / 'clouds.yaml').read_text()
        assert requests.get(f'{url}/compute/', timeout=5).ok
        assert b'"compute-03"' in over_unix(at, '/_world')
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert not at.exists()
    finally:
        process.kill()
        process.communicate()


def over_unix(at: Path, path: str) -> bytes:
    connection = http.client.HTTPConnection('localhost')
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(10)
    connection.sock.connect(str(at))
    connection.request('GET', path)
    return connection.getresponse().read()
