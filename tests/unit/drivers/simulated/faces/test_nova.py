"""The oddities of Nova that a recovery must know, each as a real Nova showed them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from drivers.simulated.app import App
from drivers.simulated.clock import VirtualClock
from drivers.simulated.instances import Flavor, Instance
from drivers.simulated.world import World

Nova = Callable[..., requests.Response]
HOST = 'compute-01'


def victim(world: World, **fields: Any) -> Instance:
    return world.add_instance(HOST, 'victim', **fields)


def down(world: World, host: str = HOST) -> None:
    """The host has no power, and Nova was told so."""
    world.lose_power(host)
    with world:
        world.services.change(world.hosts[host], enabled=False, reason='us', forced_down=True)


def evacuate(nova: Nova, instance: Instance, version: str = '2.90', **body: Any) -> int:
    path = f'/servers/{instance.id}/action'
    return nova('POST', path, version, json={'evacuate': body}).status_code


def put(nova: Nova, world: World, host: str = HOST, **body: Any) -> requests.Response:
    return nova('PUT', f'/os-services/{world.hosts[host].service_id}', json=body)


def service(nova: Nova, host: str = HOST, version: str = '2.90') -> dict[str, Any]:
    path = f'/os-services?binary=nova-compute&host={host}'
    (found,) = nova('GET', path, version).json()['services']
    return dict(found)


def last(world: World, instance: Instance) -> str:
    return next(m.status for m in world.migrations[::-1] if m.instance == instance.id)


def test_evacuate_is_refused_while_the_service_is_up(nova: Nova, world: World) -> None:
    instance = victim(world)
    answer = nova('POST', f'/servers/{instance.id}/action', json={'evacuate': {}})
    assert answer.status_code == 400
    assert 'still in use' in answer.json()['badRequest']['message']
    assert answer.headers['x-openstack-request-id'].startswith('req-')


@pytest.mark.parametrize(
    ('version', 'body', 'status'),
    [
        ('2.1', {}, 400),
        ('2.13', {'onSharedStorage': True}, 200),
        ('2.14', {'onSharedStorage': True}, 400),
        ('2.14', {}, 200),
        ('2.28', {'force': True, 'host': 'compute-02'}, 400),
        ('2.29', {'force': True, 'host': 'compute-02'}, 200),
        ('2.67', {'force': True, 'host': 'compute-02'}, 200),
        ('2.68', {'force': True, 'host': 'compute-02'}, 400),
        ('2.68', {'host': 'compute-02'}, 200),
        ('2.95', {'host': 'compute-01'}, 400),
        ('2.95', {'host': 'nowhere'}, 404),
        ('2.100', {}, 200),
        ('2.101', {}, 406),
    ],
)
def test_evacuate_takes_what_its_microversion_takes(
    nova: Nova, world: World, version: str, body: dict[str, Any], status: int
) -> None:
    instance = victim(world)
    down(world)
    assert evacuate(nova, instance, version, **body) == status


@pytest.mark.parametrize(
    ('version', 'before', 'after', 'runs'),
    [
        ('2.94', 'active', 'active', True),
        ('2.95', 'active', 'stopped', False),
        ('2.94', 'stopped', 'stopped', False),
        ('2.94', 'error', 'active', True),
    ],
)
def test_from_2_95_an_instance_comes_back_stopped(
    nova: Nova,
    world: World,
    clock: VirtualClock,
    version: str,
    before: str,
    after: str,
    runs: bool,
) -> None:
    instance = victim(world, vm_state=before)
    down(world)
    assert evacuate(nova, instance, version, host='compute-03') == 200
    shown = nova('GET', f'/servers/{instance.id}').json()['server']
    assert shown['OS-EXT-STS:task_state'] == 'rebuilding'
    assert last(world, instance) == 'accepted'
    clock.wait(None, 1)
    nova('GET', '/os-migrations')
    assert last(world, instance) == 'pre-migrating'
    clock.wait(None, 10)
    shown = nova('GET', f'/servers/{instance.id}').json()['server']
    assert shown['OS-EXT-STS:vm_state'] == after
    assert shown['OS-EXT-SRV-ATTR:host'] == 'compute-03'
    assert world.running_on(instance.id) == (['compute-03'] if runs else [])
    assert last(world, instance) == 'done'


@pytest.mark.parametrize('state', ['paused', 'suspended', 'rescued', 'shelved', 'resized'])
def test_other_states_cannot_be_evacuated(nova: Nova, world: World, state: str) -> None:
    instance = victim(world, vm_state=state)
    down(world)
    assert evacuate(nova, instance) == 409


def test_a_second_evacuate_is_taken_and_doubles_the_guest(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    instance = victim(world)
    down(world)
    evacuate(nova, instance, host='compute-02')
    clock.wait(None, 2)
    world.freeze_agent('compute-02')
    assert evacuate(nova, instance, host='compute-04') == 200
    clock.wait(None, 20)
    assert nova('GET', f'/servers/{instance.id}').json()['server']['status'] == 'ACTIVE'
    assert world.running_on(instance.id) == ['compute-04']
    world.thaw_agent('compute-02')
    clock.wait(None, 20)
    records = nova('GET', f'/os-migrations?instance_uuid={instance.id}').json()['migrations']
    assert [record['status'] for record in records] == ['done', 'failed']
    assert world.running_on(instance.id) == ['compute-02', 'compute-04']


def test_a_retry_of_a_slow_evacuation_leaves_a_guest_behind(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    instance = victim(world)
    down(world)
    evacuate(nova, instance, host='compute-02')
    clock.wait(None, 2)
    evacuate(nova, instance, host='compute-03')
    clock.wait(None, 20)
    shown = nova('GET', f'/servers/{instance.id}').json()['server']
    assert (shown['status'], shown['OS-EXT-SRV-ATTR:host']) == ('ERROR', 'compute-02')
    assert world.running_on(instance.id) == ['compute-02', 'compute-03']


def test_a_destination_that_dies_leaves_the_record_open(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    instance = victim(world)
    down(world)
    evacuate(nova, instance, host='compute-02')
    clock.wait(None, 2)
    world.lose_power('compute-02')
    clock.wait(None, 600)
    nova('GET', '/os-migrations')
    assert last(world, instance) == 'pre-migrating'
    assert world.running_on(instance.id) == []


@pytest.mark.parametrize('trouble', ['disabled', 'down', 'full', 'zone'])
def test_no_valid_host_leaves_the_instance_in_error(
    nova: Nova, world: World, clock: VirtualClock, trouble: str
) -> None:
    instance = victim(world, zone='nova')
    down(world)
    if trouble == 'disabled':
        put(nova, world, 'compute-02', status='disabled')
    elif trouble == 'down':
        put(nova, world, 'compute-02', forced_down=True)
    elif trouble == 'full':
        world.add_instance('compute-02', flavor=Flavor(ram_mb=world.hosts['compute-02'].ram_mb))
    else:
        world.hosts['compute-02'].zone = 'other'
    assert evacuate(nova, instance, host='compute-02') == 200
    clock.wait(None, 1)
    shown = nova('GET', f'/servers/{instance.id}').json()['server']
    assert shown['status'] == 'ERROR'
    assert 'No valid host' in shown['fault']['message']
    assert last(world, instance) == 'error'


def test_force_below_2_68_does_not_ask_the_scheduler(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    instance = victim(world)
    down(world)
    put(nova, world, 'compute-02', status='disabled')
    assert evacuate(nova, instance, '2.60', host='compute-02', force=True) == 200
    clock.wait(None, 20)
    assert world.running_on(instance.id) == [] or last(world, instance) == 'done'
    with world:
        assert world.running_on(instance.id) == ['compute-02']


def test_a_burst_without_target_lands_on_one_host(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    instances = list(world.instances_on(HOST))
    down(world)
    for instance in instances:
        evacuate(nova, instance)
    clock.wait(None, 60)
    with world:
        assert len({instance.host for instance in instances}) == 1


def test_a_destination_rebuilds_only_so_many_at_once(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    world.settings.rebuilds_at_once = 2
    instances = list(world.instances_on(HOST))
    down(world)
    for instance in instances:
        evacuate(nova, instance, host='compute-02')
    clock.wait(None, 1)
    with world:
        assert sorted(last(world, each) for each in instances).count('pre-migrating') == 2
    clock.wait(None, 8)
    with world:
        assert [last(world, each) for each in instances].count('done') == 2


def test_disabling_a_dead_host_that_nova_believes_up_takes_a_minute(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    world.crash(HOST)
    before = clock.elapsed()
    assert put(nova, world, status='disabled').status_code == 200
    assert clock.elapsed() - before == pytest.approx(60)


def test_a_client_that_gives_up_disabling_finds_the_flag_saved(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    world.crash(HOST)
    before = clock.elapsed()
    with pytest.raises(Exception, match='timed out'):
        nova(
            'PUT',
            f'/os-services/{world.hosts[HOST].service_id}',
            json={'status': 'disabled'},
            timeout=2,
        )
    assert clock.elapsed() - before == pytest.approx(2)
    assert service(nova)['status'] == 'disabled'


def test_disable_and_force_down_in_one_request_is_quick(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    world.crash(HOST)
    answer = put(nova, world, status='disabled', disabled_reason='us', forced_down=True)
    assert answer.status_code == 200
    assert clock.elapsed() == 0
    shown = service(nova)
    assert (shown['status'], shown['state'], shown['forced_down']) == ('disabled', 'down', True)
    assert shown['disabled_reason'] == 'us'


def test_force_down_is_not_cleared_while_done_records_remain(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    instance = victim(world)
    down(world)
    evacuate(nova, instance)
    clock.wait(None, 20)
    assert put(nova, world, forced_down=False).status_code == 400
    world.give_power(HOST)
    clock.wait(None, 60)
    assert put(nova, world, forced_down=False).status_code == 200
    assert last(world, instance) == 'completed'
    assert instance.id not in world.hosts[HOST].guests
    assert world.hosts[HOST].provider not in world.allocations(instance.id)


def test_until_then_placement_counts_the_instance_on_both_hosts(
    cloud: Any, nova: Nova, world: World, clock: VirtualClock
) -> None:
    instance = victim(world)
    down(world)
    evacuate(nova, instance, host='compute-02')
    clock.wait(None, 20)
    for host in (HOST, 'compute-02'):
        path = f'/resource_providers/{world.hosts[host].provider}/allocations'
        assert instance.id in cloud.placement.get(path).json()['allocations']


def test_an_agent_that_only_hung_cleans_nothing_up(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    instance = victim(world)
    world.freeze_agent(HOST)
    clock.wait(None, 70)
    assert service(nova)['state'] == 'down'
    evacuate(nova, instance)
    clock.wait(None, 20)
    world.thaw_agent(HOST)
    clock.wait(None, 20)
    with world:
        assert len(world.running_on(instance.id)) == 2
        assert last(world, instance) == 'done'
    world.start_agent(HOST)
    clock.wait(None, 20)
    with world:
        assert len(world.running_on(instance.id)) == 1


def test_a_starting_agent_destroys_guests_whose_evacuation_is_still_under_way(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    instance = victim(world)
    world.settings.rebuild_seconds = 600
    down(world)
    evacuate(nova, instance)
    world.give_power(HOST)
    clock.wait(None, 60)
    with world:
        assert instance.id not in world.hosts[HOST].guests


def test_enabling_before_up_leaves_the_trait_for_a_minute(
    cloud: Any, nova: Nova, world: World, clock: VirtualClock
) -> None:
    def traits() -> list[str]:
        path = f'/resource_providers/{world.hosts[HOST].provider}/traits'
        found: list[str] = cloud.placement.get(path, microversion='1.6').json()['traits']
        return found

    down(world)
    world.give_power(HOST)
    clock.wait(None, 40)
    assert 'COMPUTE_STATUS_DISABLED' in traits()
    put(nova, world, status='enabled', forced_down=True)
    put(nova, world, forced_down=False)
    assert service(nova)['status'] == 'enabled'
    assert service(nova)['state'] == 'up'
    assert 'COMPUTE_STATUS_DISABLED' in traits()
    clock.wait(None, 60)
    assert 'COMPUTE_STATUS_DISABLED' not in traits()
    put(nova, world, status='disabled')
    assert 'COMPUTE_STATUS_DISABLED' in traits()
    put(nova, world, status='enabled')
    assert 'COMPUTE_STATUS_DISABLED' not in traits()


def test_a_host_that_stops_reporting_goes_down_after_service_down_time(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    clock.wait(None, 35)
    world.lose_power(HOST)
    clock.wait(None, 54)
    assert service(nova)['state'] == 'up'
    clock.wait(None, 2)
    assert service(nova)['state'] == 'down'
    assert service(nova, 'compute-02')['state'] == 'up'


def test_updated_at_moves_with_our_own_put(nova: Nova, world: World, clock: VirtualClock) -> None:
    world.lose_power(HOST)
    clock.wait(None, 100)
    before = service(nova)['updated_at']
    put(nova, world, status='disabled')
    assert service(nova)['updated_at'] > before


def test_a_wrong_clock_of_the_api_downs_every_host(nova: Nova, world: World) -> None:
    world.api_step = 3600
    states = [each['state'] for each in nova('GET', '/os-services').json()['services']]
    assert states.count('down') == 4


def test_a_hung_cell_answers_200_with_nothing(nova: Nova, world: World) -> None:
    world.cell_hangs = True
    for path, name in (
        (f'/servers/detail?all_tenants=1&host={HOST}', 'servers'),
        ('/os-migrations', 'migrations'),
    ):
        answer = nova('GET', path)
        assert (answer.status_code, answer.json()[name]) == (200, [])
    shown = service(nova, version='2.69')
    assert shown['status'] == 'UNKNOWN'
    assert 'state' not in shown
    old = nova('GET', '/os-services?binary=nova-compute', '2.68').json()['services']
    assert old == []


def test_lists_are_paged(cloud: Any, world: World) -> None:
    world.settings.page_limit = 3
    assert len(list(cloud.compute.servers(all_projects=True))) == 20
    assert len(list(cloud.compute.servers(all_projects=True, compute_host=HOST))) == 5
    for instance in list(world.instances.values())[:7]:
        world.add_migration(instance, 'resize', 'done')
    assert len(list(cloud.compute.migrations())) == 7


def test_changes_since_shows_what_was_deleted(
    nova: Nova, world: World, clock: VirtualClock
) -> None:
    clock.wait(None, 100)
    instance = next(world.instances_on(HOST))
    world.delete_instance(instance.id)
    path = '/servers/detail?all_tenants=1&changes-since=2027-01-15T08:01:00Z'
    (shown,) = nova('GET', path).json()['servers']
    assert (shown['id'], shown['status']) == (instance.id, 'DELETED')
    assert nova('GET', f'/servers/{instance.id}').status_code == 404


def test_old_ways_to_change_a_service(nova: Nova, world: World) -> None:
    body = {'host': HOST, 'binary': 'nova-compute', 'disabled_reason': 'us'}
    assert nova('PUT', '/os-services/disable-log-reason', '2.52', json=body).status_code == 200
    force = {'host': HOST, 'binary': 'nova-compute', 'forced_down': True}
    assert nova('PUT', '/os-services/force-down', '2.52', json=force).status_code == 200
    assert service(nova)['disabled_reason'] == 'us'
    assert service(nova)['forced_down']


def test_an_older_nova(connect: Callable[..., Any], app: App) -> None:
    app.nova.highest = (2, 79)
    cloud = connect()
    assert cloud.compute.get_endpoint_data().max_microversion == (2, 79)
    answer = cloud.compute.get('/os-services', microversion='2.90', raise_exc=False)
    assert answer.status_code == 406


def test_stop_and_start(nova: Nova, world: World, clock: VirtualClock) -> None:
    instance = victim(world)
    path = f'/servers/{instance.id}/action'
    assert nova('POST', path, json={'os-stop': None}).status_code == 202
    assert nova('POST', path, json={'os-stop': None}).status_code == 409  # it is powering-off
    assert world.running_on(instance.id) == [HOST]
    clock.wait(None, 1)
    assert nova('POST', path, json={'os-start': None}).status_code == 202
    assert world.running_on(instance.id) == []
    clock.wait(None, 1)
    with world:
        assert world.running_on(instance.id) == [HOST]
        assert (instance.vm_state, instance.task_state) == ('active', None)
    down(world)
    assert nova('POST', path, json={'os-stop': None}).status_code == 409
    assert nova('POST', path, json={'os-resetState': {'state': 'error'}}).status_code == 202
    assert instance.vm_state == 'error'


def test_a_guest_that_crashed_is_shown_so_a_while_later(world: World, clock: VirtualClock) -> None:
    instance = victim(world)
    world.crash_guest(instance.id)
    assert world.running_on(instance.id) == []
    clock.wait(None, 14)
    with world:
        assert (instance.vm_state, instance.power_state) == ('active', 1)
    clock.wait(None, 2)
    with world:
        assert (instance.vm_state, instance.power_state) == ('active', 4)
