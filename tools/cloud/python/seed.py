"""Boot instances and bring them into a state.

usage: seed.py N [--host HOST]... [--name PREFIX] [--flavor FLAVOR] [--state STATE]
               [--metadata KEY=VALUE]... [--locked] [--project lab|lab-demo]
Prints the UUIDs, one per line.
"""

import argparse
import itertools
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import openstack

LIMIT = 300  # seconds
ACTIONS = {
    'active': None,
    'stopped': {'os-stop': None},
    'paused': {'pause': None},
    'suspended': {'suspend': None},
    'rescued': {'rescue': {}},
    'shelved': {'shelve': None},
    'resized': {'resize': {'flavorRef': 'small'}},
    'error': {'os-resetState': {'state': 'error'}},
}


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='cloud seed')
    parser.add_argument('count', type=int)
    parser.add_argument('--host', action='append', default=[], help='in turn; else the scheduler')
    parser.add_argument('--name', default='vm')
    parser.add_argument('--flavor', default='nano', help='nano, small or medium')
    parser.add_argument('--state', choices=ACTIONS, default='active')
    parser.add_argument('--metadata', action='append', default=[])
    parser.add_argument('--locked', action='store_true')
    parser.add_argument('--project', default='lab', help='the cloud of clouds.yaml that boots them')
    asked = parser.parse_args()
    if asked.host and asked.project != 'lab':
        parser.error('only lab, the administrator, may choose a host')
    return asked


def main() -> None:
    asked = parsed()
    owner = openstack.connect(cloud=asked.project)
    compute = openstack.connect(cloud='lab').compute
    image = owner.image.find_image('tiny').id
    taken = {server.name for server in compute.servers(details=False, all_projects=True)}
    free = (name for i in itertools.count(1) if (name := f'{asked.name}-{i:04}') not in taken)
    hosts = itertools.cycle(asked.host or [None])
    wanted = list(itertools.islice(zip(free, hosts, strict=False), asked.count))

    def boot(item: tuple[str, str | None]) -> str:
        name, host = item
        return owner.compute.create_server(
            name=name,
            image_id=image,
            flavor_id=asked.flavor,
            networks='none',
            metadata=dict(pair.split('=', 1) for pair in asked.metadata),
            **({'host': host} if host else {}),
        ).id

    def act(uuid: str, body: dict) -> None:
        compute.post(f'/servers/{uuid}/action', json=body, microversion='2.90').raise_for_status()

    with ThreadPoolExecutor(8) as pool:
        uuids = list(pool.map(boot, wanted))
        settled(compute, set(uuids), 'active')
        if ACTIONS[asked.state]:
            list(pool.map(lambda uuid: act(uuid, ACTIONS[asked.state]), uuids))
            settled(compute, set(uuids), asked.state)
        if asked.locked:
            list(pool.map(lambda uuid: act(uuid, {'lock': None}), uuids))
    print('\n'.join(uuids))


def settled(compute: object, uuids: set[str], state: str) -> None:
    end = time.monotonic() + LIMIT
    while True:
        mine = [one for one in compute.servers(all_projects=True) if one.id in uuids]
        if len(mine) == len(uuids) and all(one.vm_state == state for one in mine):
            return
        wrong = [one for one in mine if one.vm_state == 'error' and state != 'error']
        if wrong or time.monotonic() > end:
            sys.exit(f'not {state}: ' + ', '.join(sorted({one.id for one in wrong or mine})))
        time.sleep(0.3)


if __name__ == '__main__':
    main()
