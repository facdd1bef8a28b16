"""Who types ``openstack`` and ``recovery`` at a cloud whose real Keystone names us."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import openstack

from tests.integration.masakari_site import clients
from tests.integration.real_nova import Cloud
from tests.integration.real_site import Result
from tests.integration.shared import documents, free_address, not_over

#: Kept beside the logs of tools/test, for people.
TRANSCRIPT = Path(__file__).resolve().parents[2] / '.test' / 'masakari.txt'


class Operator:
    """The administrator, and what is in the catalogue for as long as she is there.

    :param path: of our URL in the catalogue.
    """

    def __init__(self, cloud: Cloud, path: str = '/v1/%(tenant_id)s') -> None:
        self.clouds = cloud.clouds  #: the file that commands read
        found = openstack.config.OpenStackConfig(
            config_files=[str(cloud.clouds)], load_envvars=False
        )
        self.config = found.get_one('lab')
        connection: Any = openstack.connection.Connection(config=self.config)
        self.identity = connection.identity
        self.address = free_address()
        service = self.identity.create_service(type='instance-ha', name='recovery')
        self._service = service.id
        self.identity.create_endpoint(
            service_id=service.id, interface='public', region_id='RegionOne',
            url=f'http://{self.address}{path}',
        )  # fmt: skip

    def close(self) -> None:
        """Leave nothing in the catalogue."""
        for endpoint in self.identity.endpoints(service_id=self._service):
            self.identity.delete_endpoint(endpoint)
        self.identity.delete_service(self._service)

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
        words = ('notification', 'create', 'COMPUTE_HOST', host, not_over())
        (made,) = self._ask((shlex.join([*words, json.dumps(payload)]),), *words,
                            json.dumps(payload), '-f', 'json')  # fmt: skip
        return made['notification_uuid']

    def recovery(self, *words: str, cloud: str = 'lab') -> Result:
        """A command of ours, which knows no database but an entry of ``clouds.yaml``."""
        done = subprocess.run(
            [str(Path(sys.executable).with_name('recovery')), '--os-cloud', cloud, *words],
            env=self._environment() | {'COLUMNS': '200'}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        _write(f'$ recovery --os-cloud {cloud} {shlex.join(words)}\n{done.stdout}{done.stderr}\n')
        return Result(done.returncode, done.stdout, done.stderr)

    def _ask(self, lines: tuple[str, ...], *words: str, typed: str = '') -> list[Any]:
        done = subprocess.run(
            [clients('openstack'), *words], input=typed,
            env=self._environment() | {'OS_CLOUD': 'lab', 'PYTHONWARNINGS': 'ignore'},
            capture_output=True, text=True, timeout=180,
        )  # fmt: skip
        found = documents(done.stdout)
        assert len(found) == len(lines), f'{done.stdout}\n{done.stderr}'
        for line, document in zip(lines, found, strict=True):
            _write(f'$ openstack {line}\n{json.dumps(document, indent=1)}\n\n')
        return found

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ('PATH', 'HOME') if name in os.environ}
        return kept | {'OS_CLIENT_CONFIG_FILE': str(self.clouds)}


def begin_transcript() -> None:
    """Forget what an earlier run has written."""
    if TRANSCRIPT.parent.is_dir():
        TRANSCRIPT.write_text('')


def _write(text: str) -> None:
    if TRANSCRIPT.parent.is_dir():
        with TRANSCRIPT.open('a') as file:
            file.write(text)
