"""Masakari's commands against us through a real Keystone, and a real Nova does what they ask.

The transcript is what the operator guides of Masakari walk through: segments and hosts are made,
a host dies, its monitor posts a notification, and the operator looks at what became of it.
"""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest

from tests.integration.masakari_site import clients
from tests.integration.real_nova import Cloud, until
from tests.integration.real_site import Site

MakeSite = Callable[..., Site]
ENDED = frozenset({'finished', 'ignored', 'failed', 'error'})
#: Kept beside the logs of tools/test, for people.
TRANSCRIPT = Path(__file__).resolve().parents[2] / '.test' / 'masakari.txt'


class Operator:
    """Who types ``openstack`` at a cloud whose catalogue names us."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        found = openstack.config.OpenStackConfig(
            config_files=[str(cloud.clouds)], load_envvars=False
        )
        self.config = found.get_one('lab')
        connection: Any = openstack.connection.Connection(config=self.config)
        self._identity = connection.identity
        with socket.create_server(('127.0.0.1', 0)) as probe:
            self.address = f'127.0.0.1:{probe.getsockname()[1]}'
        service = self._identity.create_service(type='instance-ha', name='recovery')
        self._service = service.id
        self._identity.create_endpoint(
            service_id=service.id, interface='public', region_id='RegionOne',
            url=f'http://{self.address}/v1/%(tenant_id)s',
        )  # fmt: skip

    def close(self) -> None:
        for endpoint in self._identity.endpoints(service_id=self._service):
            self._identity.delete_endpoint(endpoint)
        self._identity.delete_service(self._service)

    def options(self) -> dict[str, dict[str, Any]]:
        """Of a site of ours that asks this Keystone about tokens."""
        auth = self.config.config['auth']
        token = {name: auth[name] for name in ('auth_url', 'username', 'password', 'project_name')}
        return {
            'api': {'listen': self.address},
            'keystone_authtoken': token
            | {
                'auth_type': 'password', 'www_authenticate_uri': auth['auth_url'],
                'user_domain_name': 'Default', 'project_domain_name': 'Default',
                'service_type': 'instance-ha',
            },
        }  # fmt: skip

    def types(self, *lines: str) -> list[Any]:
        """Commands in one process, which takes seconds to start; what each said as JSON."""
        return self._ask(lines, typed=''.join(f'{line} -f json\n' for line in lines))

    def notifies(self, host: str) -> Any:
        """What a monitor that saw the host die would do."""
        payload = {'event': 'STOPPED', 'host_status': 'NORMAL', 'cluster_status': 'OFFLINE'}
        words = ('notification', 'create', 'COMPUTE_HOST', host, '2031-01-01T00:00:00')
        (made,) = self._ask((shlex.join([*words, json.dumps(payload)]),), *words,
                            json.dumps(payload), '-f', 'json')  # fmt: skip
        return made['notification_uuid']

    def _ask(self, lines: tuple[str, ...], *words: str, typed: str = '') -> list[Any]:
        environment = {name: os.environ[name] for name in ('PATH', 'HOME') if name in os.environ}
        environment |= {
            'OS_CLIENT_CONFIG_FILE': str(self._cloud.clouds), 'OS_CLOUD': 'lab',
            'PYTHONWARNINGS': 'ignore',
        }  # fmt: skip
        done = subprocess.run(
            [clients('openstack'), *words], input=typed, env=environment, capture_output=True,
            text=True, timeout=180,
        )  # fmt: skip
        found = list(_documents(done.stdout))
        assert len(found) == len(lines), f'{done.stdout}\n{done.stderr}'
        self._write(lines, found)
        return found

    def _write(self, lines: tuple[str, ...], found: list[Any]) -> None:
        if TRANSCRIPT.parent.is_dir():
            with TRANSCRIPT.open('a') as file:
                for line, document in zip(lines, found, strict=True):
                    file.write(f'$ openstack {line}\n{json.dumps(document, indent=1)}\n\n')


def _documents(text: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    while True:
        starts = [place for place in (text.find('{', at), text.find('[', at)) if place >= 0]
        if not starts:
            return
        found, at = decoder.raw_decode(text, min(starts))
        yield found


@pytest.fixture
def operator(cloud: Cloud) -> Iterator[Operator]:
    clients('openstack')
    made = Operator(cloud)
    yield made
    made.close()


@pytest.fixture
def site(operator: Operator, make_site: MakeSite) -> Site:
    made = make_site(**operator.options())
    for kind in ('worker', 'watcher', 'api'):
        made.start(kind)
    until('the API answers', lambda: _answers(operator.address))
    return made


def _answers(address: str) -> bool:
    host, _, port = address.partition(':')
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


def outcome(operator: Operator, site: Site, host: str, uuid: str) -> tuple[Any, list[Any]]:
    """The notification as it is shown once it has ended, and its moves."""
    recovery = site.newest('host-down', host)
    site.until(recovery, {'done'})
    shown, moves = operator.types(f'notification show {uuid}', f'notification vmove list {uuid}')
    assert shown['status'] == 'finished', site.story(recovery)
    return shown, moves


@pytest.mark.slow
def test_auto(operator: Operator, site: Site, cloud: Cloud) -> None:
    host = cloud.hosts[0]
    instances = {cloud.boot(host, f'auto-{number}') for number in range(2)}
    _, made = operator.types(
        'segment create rack-1 auto COMPUTE', f'segment host create {host} COMPUTE SSH rack-1'
    )
    assert (made['name'], made['on_maintenance']) == (host, False)
    cloud.host('kill', host)
    _shown, moves = outcome(operator, site, host, operator.notifies(host))
    assert {one['server_id'] for one in moves} == instances
    assert {one['status'] for one in moves} == {'succeeded'}
    assert all(len(cloud.running(one)) == 1 and cloud.running(one) != [host] for one in instances)
    (marked,) = operator.types(f'segment host show rack-1 {host}')
    assert marked['on_maintenance'] is True


@pytest.mark.slow
def test_reserved_host(operator: Operator, site: Site, cloud: Cloud) -> None:
    host, spare = cloud.hosts[1], cloud.hosts[3]
    cloud.set_service(spare, status='disabled', disabled_reason='reserved')
    instances = {cloud.boot(host, f'reserved-{number}') for number in range(2)}
    operator.types(
        'segment create rack-2 reserved_host COMPUTE',
        f'segment host create {host} COMPUTE SSH rack-2',
        f'segment host create {spare} COMPUTE SSH rack-2 --reserved True',
    )
    cloud.host('kill', host)
    _shown, moves = outcome(operator, site, host, operator.notifies(host))
    assert {one['dest_host'] for one in moves} == {spare}
    assert [cloud.running(one) for one in sorted(instances)] == [[spare]] * 2
    (taken,) = operator.types(f'segment host show rack-2 {spare}')
    assert taken['reserved'] is False
    assert cloud.service(spare)['status'] == 'enabled'
