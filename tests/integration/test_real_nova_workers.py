"""Workers that die in the middle of an evacuation on a real Nova; on MariaDB and a Redis board."""

from __future__ import annotations

import re
import uuid

from tests.integration.conftest import MakeSite
from tests.integration.real_nova import Cloud
from tests.integration.shared import until
from tests.peers import need

HOST = 'compute-01'
DESTINATIONS = ('compute-02', 'compute-03', 'compute-04')


def test_another_worker_goes_on_when_one_is_killed(cloud: Cloud, make_site: MakeSite) -> None:
    board = {'driver': 'redis', 'url': need('redis'), 'name': f'test-{uuid.uuid4().hex}'}
    site = make_site('mariadb', board=board)
    for name in ('first', 'second'):
        site.start('worker', name)
    site.start('watcher')
    made = cloud.boot_all(HOST, {f'vm{number}': 'active' for number in range(6)})
    for host in DESTINATIONS:
        cloud.host('hold', host)
    cloud.host('kill', HOST)
    recovery = site.alarm(HOST)

    def under_way() -> bool:
        guests = cloud.guests()
        return any('spawning' in guests[host].values() for host in DESTINATIONS)

    until('a rebuild has begun', under_way)
    owner = site.owner(recovery)
    pid = site.pid(owner)
    site.kill(owner)
    for host in DESTINATIONS:
        cloud.host('release', host)
    shown = site.until(recovery, {'done'})
    assert re.search(rf'worker-\S+-{pid}-\S+ stopped answering', site.story(recovery))
    assert shown['items'] == {'moved': len(made)}

    site.until(site.returns(HOST), {'done'})
    for name, instance in made.items():
        assert len(cloud.evacuations_of(instance)) == 1, name
        assert cloud.running(instance) == [cloud.server(instance)['host']], name
    assert not set(cloud.guests()[HOST]) & set(made.values())
