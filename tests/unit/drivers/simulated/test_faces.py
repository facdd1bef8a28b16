"""The real client libraries, on both transports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sushy
from keystoneauth1 import exceptions as auth_errors
from sushy.auth import BasicAuth
from sushy.connector import Connector

from drivers.simulated.app import App
from drivers.simulated.clock import VirtualClock
from drivers.simulated.server import Server
from drivers.simulated.transport import mount
from drivers.simulated.world import World

Connect = Callable[..., Any]


@pytest.fixture(params=['mounted', 'served'])
def anywhere(request: pytest.FixtureRequest, connect: Connect) -> Any:
    """openstacksdk, in front of the mounted and of the served application."""
    if request.param == 'mounted':
        return connect()
    return connect(url=request.getfixturevalue('served').url)


def redfish(address: str, app: App | None = None, password: str = 'b') -> Any:
    connector = Connector(address, server_side_retries=1)
    if app is not None:
        mount(connector._session, app)
    return sushy.Sushy(address, auth=BasicAuth('admin', password), connector=connector)


def test_openstacksdk_reads_everything(anywhere: Any) -> None:
    services = list(anywhere.compute.services(binary='nova-compute'))
    assert [service.state for service in services] == ['up'] * 4
    assert not any(service.is_forced_down for service in services)
    hypervisors = list(anywhere.compute.hypervisors(details=True))
    assert [each.service_details['host'] for each in hypervisors] == [
        service.host for service in services
    ]
    assert list(anywhere.compute.aggregates()) == []
    servers = list(anywhere.compute.servers(all_projects=True))
    assert len(servers) == 20
    assert servers[0].flavor.ram == 2048
    assert servers[0].compute_host
    assert anywhere.compute.get_server(servers[0].id).status == 'ACTIVE'
    provider = anywhere.placement.get_resource_provider(hypervisors[0].id)
    assert provider.name == hypervisors[0].name
    inventories = list(anywhere.placement.resource_provider_inventories(provider))
    assert {each.resource_class for each in inventories} == {'VCPU', 'MEMORY_MB', 'DISK_GB'}
    usages = anywhere.placement.get(f'/resource_providers/{provider.id}/usages').json()['usages']
    assert usages['VCPU'] == 5
    assert list(anywhere.compute.migrations()) == []


def test_openstacksdk_evacuates(anywhere: Any) -> None:
    server = next(anywhere.compute.servers(all_projects=True, compute_host='compute-01'))
    service = next(iter(anywhere.compute.services(binary='nova-compute', host='compute-01')))
    anywhere.compute.update_service_forced_down(service, forced=True)
    anywhere.compute.evacuate_server(server.id, host='compute-02')
    (record,) = anywhere.compute.migrations()
    assert record.migration_type == 'evacuation'
    assert record.source_compute == 'compute-01'


def test_candidates_leave_out_who_is_full(cloud: Any, world: World) -> None:
    world.hosts['compute-03'].ram_mb = 5 * 2048
    path = '/allocation_candidates?resources=MEMORY_MB:1'
    found = cloud.placement.get(path, microversion='1.28').json()['provider_summaries']
    assert len(found) == 3
    assert world.hosts['compute-03'].provider not in found
    first = found[world.hosts['compute-01'].provider]['resources']['MEMORY_MB']
    assert first == {'capacity': 262_144, 'used': 10_240}


def test_a_user_without_the_role_is_refused(connect: Connect) -> None:
    demo = connect('demo')
    for path in ('/os-services', '/os-migrations', '/servers/detail?all_tenants=1'):
        assert demo.compute.get(path, raise_exc=False).status_code == 403
    assert len(list(demo.compute.servers())) == 20
    assert demo.placement.get('/resource_providers', raise_exc=False).status_code == 403


def test_a_wrong_password_is_refused(connect: Connect, app: App) -> None:
    app.tokens.passwords['admin'] = 'another'
    with pytest.raises(auth_errors.Unauthorized):
        list(connect().compute.services())


def test_tokens_expire_and_are_renewed(cloud: Any, app: App, clock: VirtualClock) -> None:
    list(cloud.compute.services())
    clock.wait(None, 4000)
    list(cloud.compute.services())
    app.tokens.revoke_all()
    list(cloud.compute.services())
    assert app.world.faults.counts()['keystone.token'] == 3


@pytest.mark.parametrize('where', ['mounted', 'served'])
def test_sushy_switches_a_host(
    where: str, app: App, clock: VirtualClock, request: pytest.FixtureRequest
) -> None:
    if where == 'mounted':
        root, here = redfish('http://simulated', app), app.world
    else:
        server: Server = request.getfixturevalue('served')
        root, here = redfish(server.url), server.app.world
    assert len(root.get_system_collection().get_members()) == 4
    system = root.get_system('/redfish/v1/Systems/compute-01')
    assert system.power_state == sushy.PowerState.ON
    assert system.uuid == here.hosts['compute-01'].provider
    assert system.serial_number == here.hosts['compute-01'].serial
    for kind, wanted in (
        (sushy.RESET_TYPE_FORCE_OFF, sushy.PowerState.OFF),
        (sushy.RESET_TYPE_ON, sushy.PowerState.ON),
    ):
        system.reset_system(kind)
        until = here.clock.elapsed() + 5
        while system.power_state != wanted and here.clock.elapsed() < until:
            here.clock.wait(None, 0.1)
            system.refresh(force=True)
        assert system.power_state == wanted


def test_sushy_with_a_wrong_password(app: App) -> None:
    app.world.bmc_password = 'secret'
    redfish('http://simulated', app, 'secret').get_system('/redfish/v1/Systems/compute-01')
    with pytest.raises(sushy.exceptions.AccessError):
        redfish('http://simulated', app, 'wrong').get_system('/redfish/v1/Systems/compute-01')


def test_unknown_paths_and_bodies_are_refused(cloud: Any) -> None:
    def status(method: str, path: str, **more: Any) -> int:
        answer = cloud.compute.request(path, method, raise_exc=False, **more)
        return int(answer.status_code)

    assert status('GET', '/nothing') == 404
    assert status('POST', '/os-services') == 405
    assert status('GET', '/servers/detail?limit=many') == 400
    assert status('GET', '/servers/detail?changes-since=soon') == 400
    assert status('GET', '/servers/detail?marker=nobody') == 400
    assert status('GET', 'http://simulated/elsewhere') == 404
    assert status('PUT', '/os-services/nobody', microversion='2.90', json={}) == 404
    assert status('PUT', '/os-services/nobody', data='{') == 400
