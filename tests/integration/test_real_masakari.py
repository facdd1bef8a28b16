"""Masakari's commands against us through a real Keystone, and a real Nova does what they ask.

The transcript is what the operator guides of Masakari walk through: segments and hosts are made,
a host dies, its monitor posts a notification, the operator looks at what became of it, and brings
the repaired host back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.masakari_site import clients
from tests.integration.real_nova import TRAIT, Cloud
from tests.integration.real_operator import Operator, begin_transcript
from tests.integration.real_site import Site
from tests.integration.shared import answers, until

MakeSite = Callable[..., Site]


@pytest.fixture(scope='module', autouse=True)
def transcript() -> None:
    """Each run writes its own."""
    begin_transcript()


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
    until('the API answers', lambda: answers(operator.address))
    return made


def outcome(operator: Operator, site: Site, host: str, uuid: str) -> tuple[Any, list[Any]]:
    """The notification as it is shown once it has ended, and its moves."""
    recovery = site.newest('host-down', host)
    site.until(recovery, {'done'})
    shown, moves = operator.types(f'notification show {uuid}', f'notification vmove list {uuid}')
    assert shown['status'] == 'finished', site.story(recovery)
    return shown, moves


def out_of_service(seen: Any) -> bool:
    """What ``openstack compute service list --long`` says of a host that was recovered."""
    return bool(seen['Status'] == 'disabled' and seen['Forced Down'])


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
    marked, (service,) = operator.types(*looks(host, 'rack-1'))
    assert marked['on_maintenance'] is True
    assert out_of_service(service)
    returns(operator, site, cloud, host)


def looks(host: str, segment: str) -> tuple[str, str]:
    """The commands by which an operator sees whether a host is in service."""
    return (
        f'segment host show {segment} {host}',
        f'compute service list --service nova-compute --host {host} --long',
    )


def returns(operator: Operator, site: Site, cloud: Cloud, host: str) -> None:
    """The operator has repaired the host, and says so once."""
    said = operator.recovery('host', 'return', host, '--yes', '--reason', 'new power supply')
    assert said.code == 0, said
    site.until(site.newest('host-return', host), {'done'})
    shown, (service,) = operator.types(*looks(host, 'rack-1'))
    assert shown['on_maintenance'] is False
    assert (service['Status'], service['State'], service['Forced Down']) == ('enabled', 'up', False)
    assert TRAIT not in cloud.traits(host)


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
    # As Masakari's users do; the flag is theirs, and what Nova may do with the host is not in it.
    cleared, _shown, (service,) = operator.types(
        f'segment host update rack-2 {host} --on_maintenance False', *looks(host, 'rack-2')
    )
    assert cleared['on_maintenance'] is False
    assert out_of_service(service)
