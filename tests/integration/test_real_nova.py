"""A host fails on a real Nova and returns: every instance is where the state table says, once."""

from __future__ import annotations

from dataclasses import dataclass

from tests.integration.real_nova import TRAIT, Cloud
from tests.integration.real_site import Site

HOST, OTHER = 'compute-01', 'compute-02'


@dataclass(frozen=True)
class End:
    """How an instance of the failed host ends."""

    item: str
    vm_state: str
    runs: bool


MOVED, STOPPED = End('moved', 'active', True), End('moved', 'stopped', False)
LEFT = 'left'

#: By name of the instance, which is the state that it was in unless :func:`prepare` says more.
ENDS = {
    'active': MOVED,
    'locked': MOVED,
    'busy': MOVED,
    'error': MOVED,  # its guest ran
    'broken': STOPPED,  # in error, and its guest did not run
    'stopped': STOPPED,
    'paused': STOPPED,
    'suspended': STOPPED,
    'rescued': STOPPED,
    'shelved': End(LEFT, 'shelved', False),
    'resized': End(LEFT, 'resized', False),
}


def prepare(cloud: Cloud) -> dict[str, str]:
    """Instances on the host that is to fail, one of each kind; their ids by name."""
    states = {
        name: name for name in ('active', 'error', 'stopped', 'paused', 'suspended', 'shelved')
    }
    states |= {'rescued': 'rescued', 'locked': 'active', 'busy': 'active', 'broken': 'stopped'}
    made = cloud.boot_all(HOST, states)
    cloud.act(made['locked'], {'lock': None})
    cloud.act(made['broken'], {'os-resetState': {'state': 'error'}})
    # Both wait for their owner's word; one came to the host, the other one has left it.
    made['resized'] = cloud.boot(OTHER, 'resized')
    made['gone'] = cloud.boot(HOST, 'gone')
    for name, target in (('resized', HOST), ('gone', OTHER)):
        cloud.act(made[name], {'migrate': {'host': target}})
        cloud.becomes(made[name], 'resized')
    return made


def fail(cloud: Cloud, how: str, made: dict[str, str]) -> None:
    """The host stops answering; its guests run on, and a user still asks for something."""
    cloud.host(how, HOST)
    cloud.act(made['busy'], {'os-stop': None})
    assert cloud.server(made['busy'])['task_state'] == 'powering-off'
    assert cloud.running(made['active']) == [HOST]


def check_moved(cloud: Cloud, site: Site, made: dict[str, str], recovery: str) -> None:
    """Each item ended as it must, and the hypervisors agree."""
    items = site.items(recovery)
    assert {name: one['State'] for name, one in items.items()} == {
        name: end.item for name, end in ENDS.items()
    }
    check_guests(cloud, made)
    for name, end in ENDS.items():
        seen = cloud.server(made[name])
        assert (seen['vm_state'], seen['task_state']) == (end.vm_state, None), name
        assert (seen['host'] == HOST) == (end.item == LEFT), name
        assert len(cloud.evacuations_of(made[name])) == (end.item == 'moved'), name
    assert cloud.server(made['locked'])['locked']
    spread = {cloud.server(made[name])['host'] for name, end in ENDS.items() if end == MOVED}
    assert len(spread) > 1, 'a burst belongs on several hosts'


def check_guests(cloud: Cloud, made: dict[str, str]) -> None:
    """What is to run runs exactly once, and nothing else does."""
    for name, end in ENDS.items():
        where = [cloud.server(made[name])['host']] if end.runs else []
        assert cloud.running(made[name]) == where, name
    assert cloud.running(made['gone']) == [OTHER]
    assert not cloud.doubled()


def check_returned(cloud: Cloud, made: dict[str, str]) -> None:
    """The host is in service, and holds nothing but what was left there."""
    service = cloud.service(HOST)
    assert (service['status'], service['state']) == ('enabled', 'up')
    assert not service['forced_down']
    assert service['disabled_reason'] is None
    assert TRAIT not in cloud.traits(HOST)
    mine = [one for one in cloud.evacuations(HOST) if one['instance_uuid'] in made.values()]
    assert {one['status'] for one in mine} == {'completed'}
    held = set(cloud.guests()[HOST]) & set(made.values())
    left = {made[name] for name, end in ENDS.items() if end.item == LEFT}
    assert held == left | {made['gone']}, 'the source of an unconfirmed resize keeps its guest off'


def check_failed_marks(cloud: Cloud, recovery: str) -> None:
    service = cloud.service(HOST)
    assert (service['status'], service['forced_down']) == ('disabled', True)
    assert recovery in service['disabled_reason']


def test_a_killed_host_is_recovered_and_returns(cloud: Cloud, site: Site) -> None:
    made = prepare(cloud)
    enrolled = site.told('host', 'check', HOST, '--enrol', '--yes')
    assert [one['Verdict'] for one in enrolled] == ['ok', 'ok']
    fail(cloud, 'kill', made)
    recovery = site.alarm(HOST)
    site.until(recovery, {'done'})
    assert [one['Power'] for one in site.told('host', 'check', HOST)] == ['off', 'off']
    check_moved(cloud, site, made, recovery)
    check_failed_marks(cloud, recovery)
    site.until(site.returns(HOST), {'done'})
    check_returned(cloud, made)
    check_guests(cloud, made)


def test_a_frozen_host_is_fenced_by_the_second_level_when_the_first_is_dead(
    cloud: Cloud, site: Site
) -> None:
    made = prepare(cloud)
    site.farms['ipmi'].fault(HOST, 'dead')
    try:
        fail(cloud, 'freeze', made)
        recovery = site.alarm(HOST)
        shown = site.until(recovery, {'done'})
        said = site.story(recovery)
    finally:
        site.farms['ipmi'].fault(HOST, 'ok')
    assert shown['items'] == {'moved': 9, 'left': 2}
    assert 'level 2: redfish reads off' in said
    assert 'proof 1: level 2 reads off' in said
    check_moved(cloud, site, made, recovery)
    check_failed_marks(cloud, recovery)
    site.until(site.returns(HOST), {'done'})
    check_returned(cloud, made)
    check_guests(cloud, made)
