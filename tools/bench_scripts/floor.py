"""The floor: a plain loop with openstacksdk, which remembers nothing, checks nothing and survives
nothing, at the same concurrency. In a process of its own, so that its CPU time can be told.

python -m bench_scripts.floor SETTINGS.json   prints what it measured as JSON
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import openstack
import requests
from requests.adapters import HTTPAdapter

from bench_scripts.scenario import (
    AT_ONCE,
    CONFIRM_SECONDS,
    POLL_SECONDS,
    SENDERS,
    SENDERS_IN_ALL,
)

ENDED = ('done', 'completed', 'failed', 'error')
RESET = ('paused', 'suspended', 'rescued')  # Nova refuses to evacuate them as they are


class Floor:
    """All hosts, one thread each."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._bmc = f'{settings["url"]}/_world/bmc'
        self.hosts: list[str] = settings['failed']
        connection = openstack.connect('simulated')
        http = requests.Session()
        http.trust_env = False
        http.mount('http://', HTTPAdapter(pool_maxsize=64))
        connection.session.session = http
        self._nova = connection.compute
        self._slots = threading.Semaphore(SENDERS_IN_ALL)
        services = self._get('/os-services?binary=nova-compute')['services']
        self._services = {one['host']: one for one in services}
        up = [one['host'] for one in services if one['state'] == 'up']
        self._targets = cycle(sorted(set(up) - set(self.hosts)))
        self.restore_seconds: list[float] = []
        self.fenced: list[float] = []

    def run(self) -> None:
        with ThreadPoolExecutor(len(self.hosts)) as pool:
            list(pool.map(self._recover, self.hosts))

    def _get(self, path: str) -> Any:
        return self._nova.get(path, microversion='2.80').json()

    def _power(self, host: str, verb: str) -> str:
        answer = requests.post(self._bmc, json={'host': host, 'verb': verb}, timeout=10)
        return str(answer.json()['answer'])

    def _recover(self, host: str) -> None:
        self._power(host, 'power-off')
        while self._power(host, 'power-state') != 'off':
            time.sleep(POLL_SECONDS)
        time.sleep(CONFIRM_SECONDS)
        assert self._power(host, 'power-state') == 'off'
        begun = time.monotonic()
        flags = {'status': 'disabled', 'disabled_reason': 'floor', 'forced_down': True}
        service = self._services[host]['id']
        self._nova.put(f'/os-services/{service}', json=flags, microversion='2.53')
        listed = self._get(f'/servers/detail?all_tenants=1&host={host}')['servers']
        self._evacuate(host, {one['id']: one['OS-EXT-STS:vm_state'] for one in listed})
        self.restore_seconds.append(time.monotonic() - begun)

    def _evacuate(self, host: str, instances: dict[str, str]) -> None:
        window = threading.Semaphore(AT_ONCE)
        with ThreadPoolExecutor(SENDERS) as pool:
            sending = pool.map(lambda one: self._send(one[0], one[1], window), instances.items())
            ended: set[str] = set()
            since = time.time() - 5.0
            while len(ended) < len(instances):
                now = datetime.fromtimestamp(since, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
                since = time.time() - 5.0
                path = f'/os-migrations?source_compute={host}&changes-since={now}'
                for record in self._get(path)['migrations']:
                    if record['status'] in ENDED and record['uuid'] not in ended:
                        ended.add(record['uuid'])
                        window.release()
                time.sleep(POLL_SECONDS if len(ended) < len(instances) else 0)
            list(sending)

    def _send(self, instance: str, state: str, window: threading.Semaphore) -> None:
        window.acquire()
        with self._slots:
            path = f'/servers/{instance}/action'
            if state in RESET:
                body: dict[str, Any] = {'os-resetState': {'state': 'active'}}
                self._nova.post(path, json=body, microversion='2.94').raise_for_status()
            body = {'evacuate': {'host': next(self._targets)}}
            self._nova.post(path, json=body, microversion='2.94').raise_for_status()


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text())
    floor = Floor(settings)
    cpu, begun = time.process_time(), time.monotonic()
    floor.run()
    measured = {
        'wall': time.monotonic() - begun,
        'restore': max(floor.restore_seconds),
        'cpu': time.process_time() - cpu,
        'memory': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    json.dump(measured, sys.stdout)


if __name__ == '__main__':
    main()
