"""Masakari's own clients against us: the SDK, the commands, the monitors; none of them changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openstack
import pytest

from tests.integration.masakari_site import Here, clients
from tests.integration.shared import documents, not_over, until

ENDED = frozenset({'finished', 'ignored', 'failed', 'error'})


@pytest.fixture(scope='module')
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    made = Here(tmp_path_factory.mktemp('site'))
    yield made
    made.close()


def connect(here: Here, **more: Any) -> Any:
    connection = openstack.connect(
        load_yaml_config=False, load_envvars=False, region_name='RegionOne', **here.login(), **more
    )
    return connection.instance_ha


def test_the_sdk(here: Here) -> None:
    """A script that looks after its segments, sees a host die, and watches what becomes of it."""
    ha = connect(here, instance_ha_default_microversion='1.3')
    segment = ha.create_segment(name='hall', recovery_method='auto', service_type='COMPUTE')
    assert segment.is_enabled
    hosts = [
        ha.create_host(segment.uuid, name=f'compute-0{one}', type='COMPUTE', control_attributes='x')
        for one in (1, 2, 3)
    ]
    assert [one.name for one in ha.hosts(segment.uuid, limit=1, sort_key='name', sort_dir='asc')
            ] == ['compute-01', 'compute-02', 'compute-03']  # fmt: skip
    assert ha.update_segment(segment.uuid, description='of the hall').description == 'of the hall'
    assert ha.get_segment(segment.uuid).name == 'hall'
    changed = ha.update_host(hosts[2].uuid, segment_id=segment.uuid, reserved=True)
    assert changed.reserved
    assert ha.get_host(hosts[2].uuid, segment.uuid).failover_segment_id == segment.uuid
    with pytest.raises(openstack.exceptions.ConflictException, match='exists already'):
        ha.create_segment(name='hall', recovery_method='auto', service_type='COMPUTE')
    with pytest.raises(openstack.exceptions.BadRequestException, match='compute-99'):
        ha.create_host(segment.uuid, name='compute-99', type='x', control_attributes='x')

    here.world.crash('compute-01')
    made = ha.create_notification(
        type='COMPUTE_HOST', hostname='compute-01', generated_time=not_over(),
        payload={'event': 'STOPPED', 'host_status': 'NORMAL', 'cluster_status': 'OFFLINE'},
    )  # fmt: skip
    assert made.status in ('new', 'running')
    until('it ends', lambda: ha.get_notification(made.notification_uuid).status in ENDED)
    ended = ha.get_notification(made.notification_uuid)
    assert ended.status == 'finished', ended
    steps = ended.recovery_workflow_details
    assert {one['state'] for one in steps} == {'SUCCESS'}, steps
    assert [one['progress'] for one in steps] == [1.0] * len(steps)
    assert all(one['progress_details'] for one in steps)
    moves = list(ha.vmoves(made.notification_uuid))
    assert len(moves) == 3
    assert {one.status for one in moves} == {'succeeded'}
    assert {one.source_host for one in moves} == {'compute-01'}
    assert 'compute-01' not in {one.dest_host for one in moves}
    one = ha.get_vmove(moves[0].uuid, made.notification_uuid)
    assert (one.server_name, one.type) == (moves[0].server_name, 'evacuation')

    assert ha.get_host(hosts[0].uuid, segment.uuid).on_maintenance
    ha.update_host(hosts[0].uuid, segment_id=segment.uuid, on_maintenance=False)
    assert not ha.get_host(hosts[0].uuid, segment.uuid).on_maintenance
    for host in hosts:
        ha.delete_host(host.uuid, segment.uuid)
    ha.delete_segment(segment.uuid)
    assert list(ha.segments()) == []


def test_the_commands(here: Here) -> None:
    """Sessions of ``openstack``, which asks us for all that it shows; it takes seconds to start."""
    program = clients('openstack')

    def ask(*lines: str) -> list[Any]:
        words = (line if ' delete ' in line else f'{line} -f json' for line in lines)
        return documents(here.run(program, typed='\n'.join(words) + '\n'))

    segment, host, shown, segments, changed, hosts = ask(
        'segment create rack-2 auto COMPUTE --description second',
        'segment host create compute-02 COMPUTE SSH rack-2 --on_maintenance True',
        'segment host update rack-2 compute-02 --on_maintenance False --reserved True',
        'segment list',
        'segment update rack-2 --recovery_method rh_priority --is_enabled False',
        'segment host list rack-2 --sort name:asc --limit 1',
    )
    assert (segment['name'], segment['recovery_method']) == ('rack-2', 'auto')
    assert host['on_maintenance'] is True
    assert (shown['on_maintenance'], shown['reserved']) == (False, True)
    assert [one['name'] for one in segments] == ['rack-2']
    assert (changed['recovery_method'], changed['is_enabled']) == ('rh_priority', False)
    assert [one['name'] for one in hosts] == ['compute-02']
    payload = json.dumps({'event': 'STOPPED', 'host_status': 'NORMAL'})
    words = ('COMPUTE_HOST', 'compute-02', not_over(), payload)
    made = json.loads(here.run(program, 'notification', 'create', *words, '-f', 'json'))
    uuid = made['notification_uuid']
    listed, one, moves, left = ask(
        'notification list',
        f'notification show {uuid}',
        f'notification vmove list {uuid}',
        'segment host delete rack-2 compute-02',
        'segment delete rack-2',
        'segment list',
    )
    assert uuid in [each['notification_uuid'] for each in listed]
    assert (one['type'], one['status'], moves) == ('COMPUTE_HOST', 'ignored', [])
    assert left == []


#: Runs in the environment of masakari-monitors: its own code makes the reports and sends them.
#: Libvirt is no package of PyPI; in its place stand the numbers of its events, and a guest agent
#: that answers once and then no more.
MONITORS = """
import itertools, json, socket, sys, threading, types
import eventlet
eventlet.monkey_patch()


class Numbers(types.ModuleType):
    known = {}

    def __getattr__(self, name):
        if not name.startswith('VIR_'):
            raise AttributeError(name)
        return self.known.setdefault(name, len(self.known))


pings = itertools.chain(['{"return": {}}'], itertools.repeat(None))
libvirt = sys.modules['libvirt'] = Numbers('libvirt')
agent = sys.modules['libvirtmod_qemu'] = types.ModuleType('libvirtmod_qemu')
agent.virDomainQemuAgentCommand = lambda *_: next(pings)
socket.gethostname = lambda: sys.argv[2]

from oslo_utils import timeutils
import masakarimonitors.conf
from masakarimonitors.hostmonitor.host_handler.handle_host import HandleHost
from masakarimonitors.instancemonitor.libvirt_handler.callback import Callback
from masakarimonitors.instancemonitor.libvirt_handler.eventfilter import EventFilter
from masakarimonitors.processmonitor.process_handler.handle_process import HandleProcess

options, host, instance, broken, hung = json.loads(sys.argv[1]), *sys.argv[2:]
CONF = masakarimonitors.conf.CONF
CONF([], project='masakarimonitors', default_config_files=[])
CONF.set_override('disable_ipmi_check', True, 'host')
CONF.set_override('retry_max', 1, 'callback')
masakarimonitors.conf.api.register_opts(CONF)
from keystoneauth1 import loading
CONF.register_opts(loading.get_auth_plugin_conf_options('password'), group='api')
for name, value in options.items():
    CONF.set_override(name, value, 'api')

hosts, processes = HandleHost(), HandleProcess()
hosts.notifier.send_notification(1, 1, hosts._make_event(host, 'online'))
for name in ('/usr/bin/nova-compute', 'libvirtd'):
    event = processes._make_event(name)
    event['notification']['hostname'] = host
    processes.notifier.send_notification(1, 1, event)
for event, detail in (('LIFECYCLE', 'STOPPED_FAILED'), ('LIFECYCLE', 'SHUTDOWN_FINISHED')):
    Callback().libvirt_event_callback(event, detail, instance, 'VM', host, timeutils.utcnow())
EventFilter().vir_event_filter(
    libvirt.VIR_DOMAIN_EVENT_ID_IO_ERROR, libvirt.VIR_DOMAIN_EVENT_IO_ERROR_REPORT, -1, broken)
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join(60)
from masakarimonitors.introspectiveinstancemonitor.qemu_utils import QemuGuestAgent
guests, domain = QemuGuestAgent(), types.SimpleNamespace(_o=None, UUIDString=lambda: hung)
for _ in range(9):
    guests._qemuAgentGuestPing(domain, 2)
for _ in range(2):
    hosts.notifier.send_notification(1, 1, hosts._make_event(host, 'offline'))
"""


def test_the_monitors(here: Here) -> None:
    """Their own code makes each kind of report and sends it, as a user with the service role."""
    program = clients('masakari-hostmonitor').with_name('python')
    ha = connect(here, instance_ha_default_microversion='1.3')
    segment = ha.create_segment(name='watched', recovery_method='auto', service_type='COMPUTE')
    host = ha.create_host(segment.uuid, name='compute-04', type='COMPUTE', control_attributes='x')
    # Those of compute-01 have been evacuated by now, maybe to this one.
    there = [one.id for one in here.world.instances.values() if one.host == 'compute-04'][:3]
    instance, broken, hung = there
    login = json.dumps(here.login('monitor'))
    here.run(program, '-c', MONITORS, login, 'compute-04', *there)
    # Not by the SDK, which reads no message.
    listed = ha.get(f'/notifications?source_host_uuid={host.uuid}&sort_key=id&sort_dir=asc')
    found = listed.json()['notifications']
    said = [
        (one['type'], *(one['payload'][key] for key in sorted(one['payload']))) for one in found
    ]
    assert said == [
        ('COMPUTE_HOST', 'ONLINE', 'STARTED', 'NORMAL'),
        ('PROCESS', 'STOPPED', 'nova-compute'),
        ('PROCESS', 'STOPPED', 'libvirtd'),
        ('VM', 'LIFECYCLE', instance, 'STOPPED_FAILED'),
        ('VM', 'LIFECYCLE', instance, 'SHUTDOWN_FINISHED'),
        ('VM', 'IO_ERROR', broken, 'IO_ERROR_REPORT'),
        ('VM', 'QEMU_GUEST_AGENT_ERROR', hung, 'STOPPED_FAILED'),
        ('COMPUTE_HOST', 'OFFLINE', 'STOPPED', 'NORMAL'),  # once: the repeat was answered 409
    ]
    status = [one['status'] for one in found]
    assert (status[0], status[2], status[4]) == ('finished', 'finished', 'ignored')
    assert status[1] in ('running', 'finished'), found[1]['message']
    for number in (3, 5, 6):  # read as a failure of an instance that nobody marked
        assert (status[number], 'HA_Enabled' in found[number]['message']) == ('ignored', True)
    assert status[7] in ('new', 'running'), found[7]['message']
