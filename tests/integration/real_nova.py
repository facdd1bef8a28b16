"""A real Nova and the product as real processes, for the tests of their meeting.

Nova is told and asked through its API; what became of an instance is judged by the hypervisors'
own files, because Nova's records were wrong in the very cases that matter (hazard H1).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import openstack
import pytest

from tests.integration.shared import PATIENCE, until

TOP = Path(__file__).resolve().parent.parent.parent
TRAIT = 'COMPUTE_STATUS_DISABLED'
ENDED = frozenset({'done', 'completed', 'failed', 'error', 'cancelled'})

#: What brings an active instance into a state, and the state that Nova then calls it.
MADE_BY: Mapping[str, tuple[Mapping[str, Any], str]] = {
    'stopped': ({'os-stop': None}, 'stopped'),
    'error': ({'os-resetState': {'state': 'error'}}, 'error'),
    'paused': ({'pause': None}, 'paused'),
    'suspended': ({'suspend': None}, 'suspended'),
    'rescued': ({'rescue': {}}, 'rescued'),
    'shelved': ({'shelve': None}, 'shelved'),
}

Guests = dict[str, dict[str, str]]


class Cloud:
    """The cloud that ``tools/cloud/cloud`` made, with four computes."""

    def __init__(self) -> None:
        clouds = os.environ.get('RECOVERY_TEST_CLOUD')
        if not clouds:
            pytest.skip('no cloud runs: tools/cloud/cloud up, then . <(tools/cloud/cloud env)')
        self.clouds = Path(clouds)
        found = openstack.config.OpenStackConfig(config_files=[clouds], load_envvars=False)
        connection = openstack.connection.Connection(config=found.get_one('lab'))
        self._compute, self._placement = connection.compute, connection.placement
        self._image = str(connection.image.find_image('tiny', ignore_missing=False).id)
        self.hosts = tuple(sorted(one['host'] for one in self.services()))
        self.made: set[str] = set()

    # --- by its machines ----------------------------------------------------------------------

    def control(self, *words: str) -> str:
        """A verb of ``tools/cloud/cloud``."""
        place = {**os.environ, 'RECOVERY_CLOUD_DIR': str(self.clouds.parent)}
        ran = subprocess.run(
            [str(TOP / 'tools' / 'cloud' / 'cloud'), *words],
            capture_output=True, text=True, timeout=PATIENCE, env=place, check=False,
        )  # fmt: skip
        assert ran.returncode == 0 or words[0] == 'guests', ran.stderr
        return ran.stdout

    def host(self, verb: str, host: str, *more: str) -> None:
        """Do something to a host: off, on, kill, freeze, thaw, slow, hold, release."""
        self.control('host', verb, host, *more)

    def guests(self) -> Guests:
        """What each hypervisor really has: state of each guest, by host."""
        guests: Guests = json.loads(self.control('guests', '--json'))['hosts']
        return guests

    def running(self, instance: str) -> list[str]:
        """The hosts on which the instance really runs."""
        return [host for host, guests in self.guests().items() if guests.get(instance) == 'running']

    def doubled(self) -> list[str]:
        """Instances that run on more than one host."""
        twice: list[str] = json.loads(self.control('guests', '--json'))['running twice']
        return twice

    # --- by its API ---------------------------------------------------------------------------

    def _json(self, method: str, path: str, version: str = '2.90', **body: Any) -> Any:
        answer = self._compute.request(path, method, microversion=version, **body)
        assert answer.ok, f'{method} {path}: {answer.status_code} {answer.text}'
        return answer.json() if answer.content else None

    def services(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._json('GET', '/os-services?binary=nova-compute')[
            'services'
        ]
        return found

    def service(self, host: str) -> dict[str, Any]:
        return next(one for one in self.services() if one['host'] == host)

    def set_service(self, host: str, **flags: Any) -> None:
        self._json('PUT', f'/os-services/{self.service(host)["id"]}', json=flags)

    def server(self, instance: str) -> dict[str, Any]:
        """The instance as Nova has it: host, vm_state, task_state, locked."""
        found = self._json('GET', f'/servers/{instance}')['server']
        return {
            'host': found['OS-EXT-SRV-ATTR:host'],
            'vm_state': found['OS-EXT-STS:vm_state'],
            'task_state': found['OS-EXT-STS:task_state'],
            'locked': found['locked'],
        }

    def evacuations(self, host: str) -> list[dict[str, Any]]:
        """Records of evacuations from the host, oldest first."""
        path = f'/os-migrations?migration_type=evacuation&source_compute={host}'
        found = self._json('GET', path, '2.80')['migrations']
        return sorted(found, key=lambda one: int(one['id']))

    def evacuations_of(self, instance: str) -> list[dict[str, Any]]:
        """Records of evacuations of one instance, oldest first."""
        path = f'/os-migrations?migration_type=evacuation&instance_uuid={instance}'
        found = self._json('GET', path, '2.80')['migrations']
        return sorted(found, key=lambda one: int(one['id']))

    def traits(self, host: str) -> list[str]:
        nodes = self._json('GET', '/os-hypervisors')['hypervisors']
        node = next(one for one in nodes if one['hypervisor_hostname'] == host)
        answer = self._placement.get(
            f'/resource_providers/{node["id"]}/traits', microversion='1.20'
        )
        found: list[str] = answer.json()['traits']
        return found

    def boot(self, host: str, name: str, state: str = 'active', **labels: str) -> str:
        """A new instance on that host in that state; its id."""
        return self.boot_all(host, {name: state}, **labels)[name]

    def boot_all(self, host: str, states: Mapping[str, str], **labels: str) -> dict[str, str]:
        """New instances on that host in those states; their ids by name."""
        made = {name: self._create(host, name, labels) for name in states}
        for name, instance in made.items():
            self.becomes(instance, 'active')
            if states[name] != 'active':
                self.act(instance, MADE_BY[states[name]][0])
        for name, instance in made.items():
            if states[name] != 'active':
                self.becomes(instance, MADE_BY[states[name]][1])
        return made

    def _create(self, host: str, name: str, labels: Mapping[str, str]) -> str:
        wanted = {
            'name': name,
            'imageRef': self._image,
            'flavorRef': 'nano',
            'networks': 'none',
            'host': host,
            'metadata': dict(labels),
        }
        made = str(self._json('POST', '/servers', json={'server': wanted})['server']['id'])
        self.made.add(made)
        return made

    def act(self, instance: str, body: Mapping[str, Any]) -> None:
        self._json('POST', f'/servers/{instance}/action', json=dict(body))

    def becomes(self, instance: str, state: str) -> None:
        def has_become() -> bool:
            seen = self.server(instance)
            return bool(seen['vm_state'] == state and seen['task_state'] is None)

        until(f'{instance} {state}', has_become)

    # --- whole again --------------------------------------------------------------------------

    def restore(self) -> None:
        """Everything as it was: nothing of a test is left, every host in service."""
        self.control('cell', 'heal')
        for host in self.hosts:
            self.host('release', host)
            if self._frozen(host):
                self.host('off', host)  # a thawed agent would never complete its records
            self.host('on', host)
        for host in self.hosts:
            self._into_service(host)
        self._delete(self.made)
        self.made.clear()

    def _frozen(self, host: str) -> bool:
        file = self.clouds.parent / 'run' / f'{host}.pid'
        pid = file.read_text().split()[:1] if file.exists() else []
        status = Path('/proc') / (pid or ['0'])[0] / 'stat'
        return status.exists() and status.read_text().rpartition(')')[2].split()[0] == 'T'

    def _into_service(self, host: str) -> None:
        def opened() -> bool:
            seen = self.service(host)
            if seen['forced_down']:
                path = f'/os-services/{seen["id"]}'
                self._compute.put(path, json={'forced_down': False}, microversion='2.90')
                return False
            if seen['state'] == 'up' and seen['status'] == 'disabled':
                self.set_service(host, status='enabled')
                return False
            return bool(seen['state'] == 'up' and TRAIT not in self.traits(host))

        until(f'{host} in service', opened, 120.0)

    def _delete(self, instances: Collection[str]) -> None:
        for instance in instances:
            self._compute.delete(f'/servers/{instance}', microversion='2.90')
        until('the instances are gone', lambda: all(map(self._gone, instances)))

    def _gone(self, instance: str) -> bool:
        answer = self._compute.get(f'/servers/{instance}', microversion='2.90')
        return bool(answer.status_code == 404)
