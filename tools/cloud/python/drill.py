"""Fail a host, evacuate it, bring it back, with timings.

usage: drill.py HOST [--version 2.95] [--how off|kill|freeze] [--natural] [--no-return]
--natural: do not force the service down; wait until Nova sees it down by itself.
"""

import argparse
import collections
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openstack

LIMIT = 120  # seconds for each wait
BEGAN = time.monotonic()
CLOUD = Path(__file__).resolve().parent.parent / 'cloud'


def say(words):
    print(f'[{time.monotonic() - BEGAN:6.2f}s] {words}', flush=True)


def until(what, condition):
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            sys.exit(f'not in {LIMIT} s: {what}')
        time.sleep(0.2)


class Drill:
    def __init__(self, asked):
        self.asked = asked
        self.host = asked.host
        self.compute = openstack.connect(cloud='lab').compute
        self.known = {record['uuid'] for record in self.records()}

    def ask(self, method, path, version='2.90', **kwargs):
        return self.compute.request(path, method, microversion=version, raise_exc=False, **kwargs)

    def service(self):
        path = f'/os-services?binary=nova-compute&host={self.host}'
        return self.ask('GET', path).json()['services'][0]

    def flags(self):
        service = self.service()
        return '/'.join(str(service[key]) for key in ('status', 'state', 'forced_down'))

    def set_service(self, **flags):
        return self.ask('PUT', f'/os-services/{self.service()["id"]}', json=flags)

    def records(self):
        path = f'/os-migrations?migration_type=evacuation&source_compute={self.host}'
        return self.ask('GET', path, '2.80').json()['migrations']

    def statuses(self):
        new = [record for record in self.records() if record['uuid'] not in self.known]
        return dict(collections.Counter(record['status'] for record in new))

    def servers(self):
        return self.ask('GET', '/servers/detail?all_tenants=1').json()['servers']

    def control(self, *words):
        subprocess.run([CLOUD, *words], check=True, stdin=subprocess.DEVNULL)

    def fail(self):
        self.control('host', self.asked.how, self.host)
        say(f'{self.host}: {self.asked.how}')
        if self.asked.natural:
            until('the service seen down', lambda: self.service()['state'] == 'down')
            say('service seen down by itself')
        answer = self.set_service(forced_down=True, status='disabled', disabled_reason='drill')
        say(f'one PUT, disabled and forced down: {answer.status_code}; now {self.flags()}')

    def evacuate(self):
        victims = [one['id'] for one in self.servers() if self.is_here(one)]
        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            accepted = [uuid for uuid in pool.map(self.evacuate_one, victims) if uuid]
        say(f'{len(accepted)} of {len(victims)} evacuate calls accepted')

        def settled():
            mine = [one for one in self.servers() if one['id'] in accepted]
            return not any(self.is_here(one) or one['OS-EXT-STS:task_state'] for one in mine)

        until('all settled', settled)
        say(f'all settled {time.monotonic() - began:.1f} s after the first call: {self.statuses()}')

    def is_here(self, server):
        return server['OS-EXT-SRV-ATTR:host'] == self.host

    def evacuate_one(self, uuid):
        answer = self.ask(
            'POST', f'/servers/{uuid}/action', self.asked.version, json={'evacuate': {}}
        )
        if not answer.ok:
            say(f'refused, {answer.status_code}: {answer.text[:160]}')
        return uuid if answer.ok else None

    def bring_back(self):
        self.control('host', 'thaw' if self.asked.how == 'freeze' else 'on', self.host)
        say(f'the agent of {self.host} runs again')
        until('force-down cleared', lambda: self.set_service(forced_down=False).ok)
        say('force-down cleared')
        until('service up', lambda: self.service()['state'] == 'up')
        self.set_service(status='enabled')
        say(f'service now {self.flags()}; evacuation records {self.statuses()}')


def main():
    parser = argparse.ArgumentParser(prog='cloud drill')
    parser.add_argument('host')
    parser.add_argument('--version', default='2.95', help='microversion of the evacuations')
    parser.add_argument('--how', default='off', choices=['off', 'kill', 'freeze'])
    parser.add_argument('--natural', action='store_true')
    parser.add_argument('--no-return', action='store_true')
    drill = Drill(parser.parse_args())
    drill.fail()
    drill.evacuate()
    if not drill.asked.no_return:
        drill.bring_back()
    drill.control('guests')


if __name__ == '__main__':
    main()
