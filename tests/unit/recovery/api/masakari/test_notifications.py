"""/notifications: what monitors post, what becomes of it, and what is refused."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.contracts.errors import Unreachable
from flows.stop import StoreAway
from recovery.db import events, guards, hosts, recoveries, segments, states
from recovery.db.tables import alarm, notification, recovery
from recovery.intake import again
from recovery.operate import notify as operate
from recovery.operate.callers import Caller
from recovery.policy import order
from recovery.site import Site
from tests.unit.recovery.api.masakari.conftest import PROJECT, Masakari
from tests.unit.recovery.api.masakari.test_segments import recovering

PATH = '/v1/notifications'
DOWN = {'event': 'STOPPED', 'host_status': 'NORMAL', 'cluster_status': 'OFFLINE'}


def body(site: Site, *, ago: float = 0.0, **more: Any) -> dict[str, Any]:
    """As a host monitor writes it: naive, in UTC."""
    when = datetime.datetime.fromtimestamp(site.clock.now() - ago, tz=datetime.UTC)
    said = {'type': 'COMPUTE_HOST', 'hostname': 'compute-01', 'payload': DOWN}
    said['generated_time'] = when.replace(tzinfo=None).isoformat()
    return {'notification': said | more}


def rows(site: Site, table: sa.Table) -> list[dict[str, Any]]:
    with site.store.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


@pytest.fixture
def member(ask: Masakari) -> dict[str, Any]:
    return ask.host(ask.segment()['uuid'])


def post(ask: Masakari, said: dict[str, Any]) -> dict[str, Any]:
    answer = ask('POST', PATH, said)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.get_json()['notification']
    return found


def shown(ask: Masakari, made: dict[str, Any]) -> dict[str, Any]:
    answer = ask('GET', f'{PATH}/{made["notification_uuid"]}')
    found: dict[str, Any] = answer.get_json()['notification']
    return found


def test_a_dead_host_begins_a_recovery(
    ask: Masakari, site: Site, member: dict[str, Any], dead: str
) -> None:
    said = body(site)
    made = post(ask, said)
    assert list(made) == [
        'id', 'notification_uuid', 'generated_time', 'source_host_uuid', 'type', 'payload',
        'status', 'failover_segment_uuid', 'message', 'created_at', 'updated_at', 'deleted_at',
        'deleted',
    ]  # fmt: skip
    assert made['source_host_uuid'] == member['uuid']
    assert made['failover_segment_uuid'] == member['failover_segment_id']
    assert made['payload'] == DOWN
    assert made['status'] == 'running'
    given = said['notification']['generated_time']
    assert made['generated_time'][:19] == given[:19]
    (found,) = rows(site, recovery)
    assert (found['kind'], found['host'], found['state']) == ('host-down', dead, states.READY)
    (heard,) = rows(site, alarm)
    assert (heard['source'], heard['requested_by']) == ('masakari', 'ann')
    assert heard['evidence'] == {'type': 'COMPUTE_HOST', 'hostname': dead, **DOWN}
    assert ask.listed(PATH) == [made]
    assert ask.listed(f'/v1/{PROJECT}/notifications') == [made]
    after = shown(ask, made)
    assert after.pop('recovery_workflow_details') is not None
    assert after == made


def test_a_time_of_another_century_is_refused(
    ask: Masakari, site: Site, member: dict[str, Any], dead: str
) -> None:
    said = body(site, generated_time='2525-01-01T00:00:00')
    assert 'before the year 2100' in ask.refused('POST', PATH, said, status=400)
    assert rows(site, alarm) == []


def test_a_host_that_looks_alive_is_held(ask: Masakari, site: Site, member: dict[str, Any]) -> None:
    made = post(ask, body(site))
    assert made['status'] == 'running'
    (found,) = rows(site, recovery)
    assert found['state'] == states.HELD
    assert made['message'] == found['reason']
    assert 'duplicate' in ask.refused('POST', PATH, body(site, ago=1), status=409)


@pytest.mark.parametrize('status', ['UNKNOWN', 'NORMAL', None])
def test_a_controller_that_died_with_its_host_is_no_reason_to_look_away(
    ask: Masakari, site: Site, member: dict[str, Any], dead: str, status: str | None
) -> None:
    payload = {'event': 'STOPPED'} | ({'host_status': status} if status else {})
    post(ask, body(site, payload=payload))
    assert len(rows(site, recovery)) == 1


def test_every_monitor_says_it_and_it_is_one_recovery(
    ask: Masakari, site: Site, member: dict[str, Any], dead: str
) -> None:
    first = body(site, ago=3)
    post(ask, first)
    assert 'duplicate' in ask.refused('POST', PATH, first, status=409)
    for ago in (2, 1, 0):
        said = ask.refused('POST', PATH, body(site, ago=ago), status=409)
        assert 'already under recovery' in said
    assert len(rows(site, recovery)) == len(rows(site, notification)) == 1
    # The repeats are kept as evidence.
    assert len(rows(site, alarm)) == 4
    assert rows(site, alarm)[0]['repeats'] == 1


def test_two_senders_of_one_report_at_the_same_moment_make_one_notification(
    ask: Masakari, site: Site, member: dict[str, Any], dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = body(site)
    check = operate._refuse_known
    other: list[dict[str, Any]] = []

    def slow(*words: Any) -> None:
        check(*words)
        if not other:  # the second one comes, and goes, when the first one has been decided about
            other.append({})
            other.append(post(ask, said))

    monkeypatch.setattr(operate, '_refuse_known', slow)
    assert post(ask, said)['notification_uuid'] == other[1]['notification_uuid']
    assert len(rows(site, notification)) == 1


def test_a_report_whose_notification_is_made_at_this_moment_is_a_duplicate(
    ask: Masakari, site: Site, member: dict[str, Any], dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = body(site)
    post(ask, said)
    monkeypatch.setattr(operate, '_refuse_known', lambda *_: None)  # it was not there a while ago
    refused = ask.refused('POST', PATH, said, status=409)
    assert 'is a duplicate: recovery ' in str(refused)
    assert len(rows(site, notification)) == 1


def test_a_sender_that_got_no_answer_asks_again(
    ask: Masakari, site: Site, member: dict[str, Any], dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = body(site)

    def broken(*_: Any, **__: Any) -> None:
        raise StoreAway('database: gone')

    with monkeypatch.context() as patch:  # the alarm is stored, and then we die
        patch.setattr('recovery.operate.notify._insert', broken)
        ask.refused('POST', PATH, said, status=503)
    assert len(rows(site, alarm)) == 1
    assert rows(site, notification) == []
    assert post(ask, said)['status'] == 'running'
    assert len(rows(site, recovery)) == 1


def test_a_database_that_is_away_is_our_trouble(
    ask: Masakari, site: Site, member: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise StoreAway('database: gone')

    monkeypatch.setattr('recovery.operate.notify.receive', broken)
    answer = ask('POST', PATH, body(site))
    assert answer.status_code == 503
    assert 'serviceUnavailable' in answer.get_json()
    assert rows(site, alarm) == []


def test_nova_that_is_away_holds(
    ask: Masakari, site: Site, member: dict[str, Any], dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(**_: Any) -> None:
        raise Unreachable('no route to Nova')

    monkeypatch.setattr(site.compute, 'services', silent)
    made = post(ask, body(site))
    assert made['status'] == 'running'
    assert 'no route to Nova' in made['message']


def closed(site: Site, dead: str, *, returned: bool) -> None:
    """The recovery of the host has ended, and marked it."""
    (found,) = rows(site, recovery)
    now = site.clock.now()
    with site.store.write() as connection:
        values = {'state': states.DONE, 'open_key': None, 'ended_at': now, 'started_at': now}
        connection.execute(sa.update(recovery).values(**values))
        marks = {'returned_at': now} if returned else {'failed_by': found['id']}
        hosts.put(connection, dead, **marks)


def test_a_second_failure_is_taken_at_once(
    ask: Masakari, site: Site, member: dict[str, Any], dead: str
) -> None:
    first = post(ask, body(site))
    closed(site, dead, returned=True)
    assert shown(ask, first)['status'] == 'finished'
    late = ask.refused('POST', PATH, body(site, ago=30), status=409)
    assert 'already handled' in late
    site.clock.wait(None, 5.0)
    again_ = post(ask, body(site))  # the same payload, seconds later
    assert again_['status'] == 'running'
    assert len(rows(site, recovery)) == 2


def test_on_maintenance(ask: Masakari, site: Site, member: dict[str, Any], dead: str) -> None:
    with site.store.write() as connection:
        guards.maintain(connection, dead, True, by='bob', reason='disks', now=1.0)
    for event in ('STOPPED', 'STARTED'):
        said = body(site, payload={'event': event})
        assert 'on maintenance' in ask.refused('POST', PATH, said, status=409)
    assert rows(site, alarm) == rows(site, notification) == []


def test_an_unknown_host(ask: Masakari, site: Site, member: dict[str, Any]) -> None:
    said = ask.refused('POST', PATH, body(site, hostname='compute-02'), status=400)
    assert 'compute-02' in said
    assert rows(site, alarm) == []


def test_a_host_that_nova_does_not_know_any_more(
    ask: Masakari, site: Site, member: dict[str, Any]
) -> None:
    with site.store.write() as connection:
        owner = segments.named(connection, 'rack-1')
        assert owner is not None
        connection.execute(sa.text("UPDATE member SET name = 'gone' WHERE name = 'compute-01'"))
    made = post(ask, body(site, hostname='gone'))
    assert made['status'] == 'ignored'
    assert 'no nova-compute service' in made['message']
    assert ask.listed(f'{PATH}?status=ignored') == [made]


def test_a_disabled_segment(ask: Masakari, site: Site, member: dict[str, Any], dead: str) -> None:
    path = f'/v1/segments/{member["failover_segment_id"]}'
    ask('PUT', path, {'segment': {'enabled': False}})
    made = post(ask, body(site))
    assert made['status'] == 'ignored'
    assert 'disabled' in made['message']
    assert rows(site, recovery) == []
    ask('PUT', path, {'segment': {'enabled': True}})
    assert post(ask, body(site))['status'] == 'running'


def test_started_is_evidence(ask: Masakari, site: Site, member: dict[str, Any], dead: str) -> None:
    started = {'event': 'STARTED', 'host_status': 'NORMAL', 'cluster_status': 'ONLINE'}
    made = post(ask, body(site, payload=started))
    assert made['status'] == 'finished'
    assert rows(site, alarm) == rows(site, recovery) == []
    post(ask, body(site))
    post(ask, body(site, payload=started))
    (found,) = rows(site, recovery)
    with site.store.read() as connection:
        story = [row['what'] for row in events.of_recovery(connection, found['id'])]
    assert story[-1] == 'masakari said: compute-01 has started'


@pytest.mark.parametrize(
    ('event', 'domain_event', 'acts'),
    [
        ('LIFECYCLE', 'STOPPED_FAILED', True),
        ('QEMU_GUEST_AGENT_ERROR', 'STOPPED_FAILED', True),
        ('IO_ERROR', 'IO_ERROR_REPORT', True),
        ('LIFECYCLE', 'STOPPED_DESTROYED', False),
        ('LIFECYCLE', 'SHUTDOWN_FINISHED', False),
        ('REBOOT', 'UNKNOWN', False),
        ('IO_ERROR', 'IO_ERROR_NONE', False),
    ],
)
def test_instances(
    ask: Masakari, site: Site, member: dict[str, Any], event: str, domain_event: str, acts: bool
) -> None:
    with site.store.read():
        instance = site.compute.instances(host='compute-01', timeout=5.0)[0].id
    payload = {'instance_uuid': instance, 'event': event, 'vir_domain_event': domain_event}
    made = post(ask, body(site, type='VM', payload=payload))
    heard = rows(site, alarm)
    assert len(heard) == acts
    if acts:
        assert (heard[0]['kind'], heard[0]['subject']) == ('instance-down', instance)
    else:
        assert made['status'] == 'ignored'
        assert 'no failure' in made['message']
    ask.refused('GET', f'{PATH}/{made["notification_uuid"]}/vmoves', status=400)


def test_an_instance_is_reported_of_the_host_that_it_is_on(
    ask: Masakari, site: Site, member: dict[str, Any]
) -> None:
    """Else a role in one segment would restart the instances of all."""
    with site.store.read():
        elsewhere = site.compute.instances(host='compute-02', timeout=5.0)[0]
    payload = {'instance_uuid': elsewhere.id, 'event': 'LIFECYCLE',
               'vir_domain_event': 'STOPPED_FAILED'}  # fmt: skip
    made = post(ask, body(site, type='VM', payload=payload))
    assert made['status'] == 'ignored'
    assert made['message'] == (f'{elsewhere.name} is on compute-02, and was reported of compute-01')
    assert rows(site, recovery) == []


@pytest.mark.parametrize(
    ('process', 'event', 'status'),
    [
        ('nova-compute', 'STOPPED', 'running'),
        ('nova-compute', 'STARTED', 'finished'),
        ('libvirtd', 'STOPPED', 'finished'),
    ],
)
def test_processes(
    ask: Masakari, site: Site, member: dict[str, Any], dead: str,
    process: str, event: str, status: str,
) -> None:  # fmt: skip
    payload = {'process_name': process, 'event': event}
    made = post(ask, body(site, type='PROCESS', payload=payload))
    assert made['status'] == status
    if process == 'libvirtd':
        assert made['message'] == 'Nothing is done about libvirtd: only nova-compute is recovered.'
    heard = [(one['kind'], one['subject']) for one in rows(site, alarm)]
    assert heard == ([('service-down', 'compute-01')] if status == 'running' else [])
    with site.store.read() as connection:
        assert not hosts.get(connection, 'compute-01').maintenance


def test_a_release_without_that_kind_says_so(
    ask: Masakari, site: Site, member: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {kind: stages for kind, stages in order.ORDER.items() if kind != 'service-down'}
    monkeypatch.setattr(order, 'ORDER', known)
    payload = {'process_name': 'nova-compute', 'event': 'STOPPED'}
    made = post(ask, body(site, type='PROCESS', payload=payload))
    assert made['status'] == 'ignored'
    assert 'service-down' in made['message']


GOOD = {
    'type': 'COMPUTE_HOST', 'hostname': 'compute-01', 'generated_time': '2031-05-17T03:10:22',
    'payload': DOWN,
}  # fmt: skip
VM = {'instance_uuid': str(uuid.UUID(int=7)), 'event': 'x', 'vir_domain_event': 'y'}
BAD: dict[str, Any] = {
    'nothing': {},
    'no payload': {key: GOOD[key] for key in ('type', 'hostname', 'generated_time')},
    'unknown type': GOOD | {'type': 'HOST'},
    'unknown key': GOOD | {'colour': 'red'},
    'empty payload': GOOD | {'payload': {}},
    'payload of text': GOOD | {'payload': 'STOPPED'},
    'unknown event': GOOD | {'payload': {'event': 'DOWN'}},
    'no event': GOOD | {'payload': {'host_status': 'NORMAL'}},
    'unknown status': GOOD | {'payload': {'event': 'STOPPED', 'host_status': 'DEAD'}},
    'unknown cluster': GOOD | {'payload': {'event': 'STOPPED', 'cluster_status': 'ON'}},
    'payload of another type': GOOD | {'payload': {'event': 'STOPPED', 'process_name': 'x'}},
    'host name': GOOD | {'hostname': 'a b'},
    'empty host name': GOOD | {'hostname': ''},
    'host name with newline': GOOD | {'hostname': 'compute-01\n'},
    'time': GOOD | {'generated_time': 'yesterday'},
    'time before 1970': GOOD | {'generated_time': '1969-01-01T00:00:00'},
    'time out of reach': GOOD | {'generated_time': '9999-12-31T23:59:59-23:00'},
    'time a number': GOOD | {'generated_time': 5},
    'process without event': GOOD | {'type': 'PROCESS', 'payload': {'process_name': 'x'}},
    'process without name': GOOD | {'type': 'PROCESS', 'payload': {'event': 'STOPPED'}},
    'process that is empty': GOOD
    | {'type': 'PROCESS', 'payload': {'event': 'STOPPED', 'process_name': ''}},
    'long process': GOOD
    | {'type': 'PROCESS', 'payload': {'event': 'STOPPED', 'process_name': 'p' * 256}},
    'instance': GOOD | {'type': 'VM', 'payload': VM | {'instance_uuid': 'x'}},
    'instance without event': GOOD
    | {'type': 'VM', 'payload': {key: VM[key] for key in ('instance_uuid', 'event')}},
    'instance with more': GOOD | {'type': 'VM', 'payload': VM | {'colour': 'red'}},
    'long event': GOOD | {'type': 'VM', 'payload': VM | {'event': 'e' * 256}},
}


def test_bad_bodies(ask: Masakari, site: Site, member: dict[str, Any]) -> None:
    for name, said in BAD.items():
        assert ask.refused('POST', PATH, {'notification': said}, status=400), name
    assert rows(site, alarm) == rows(site, notification) == []


@pytest.mark.parametrize(
    'given', ['2031-05-17T03:10:22', '2031-05-17T05:10:22+02:00', '2031-05-17 03:10:22Z']
)
def test_times_with_and_without_a_zone(ask: Masakari, member: dict[str, Any], given: str) -> None:
    said = GOOD | {'generated_time': given, 'payload': {'event': 'STARTED'}}
    made = post(ask, {'notification': said})
    assert made['generated_time'] == '2031-05-17T03:10:22.000000'


def test_details_since_1_1(ask: Masakari, site: Site, member: dict[str, Any], dead: str) -> None:
    made = post(ask, body(site))
    for version, there in (('1.0', False), ('1.1', True), ('1.3', True)):
        ask.version = version
        assert ('recovery_workflow_details' in shown(ask, made)) is there
        assert 'recovery_workflow_details' not in ask.listed(PATH)[0]
    details = shown(ask, made)['recovery_workflow_details']
    assert [one['name'] for one in details][:2] == ['verify-down', 'disable-service']
    assert {one['state'] for one in details} == {'PENDING'}
    assert {one['progress'] for one in details} == {0.0}
    finished = post(ask, body(site, payload={'event': 'STARTED'}))
    assert shown(ask, finished)['recovery_workflow_details'] == []


def test_status_follows_the_recovery(ask: Masakari, site: Site, member: dict[str, Any]) -> None:
    made = post(ask, body(site))
    (found,) = rows(site, recovery)
    with site.store.write() as connection:
        recoveries.move(
            connection, found['id'], states.HELD, states.EXPIRED, site.clock.now(), reason='late'
        )
    assert (shown(ask, made)['status'], shown(ask, made)['message']) == ('failed', 'late')


def test_an_alarm_that_has_to_stand_back(
    ask: Masakari, site: Site, member: dict[str, Any], dead: str
) -> None:
    """A held alarm does not end a return: it stays new, and is decided about again."""
    recovering(site, state=states.READY)
    with site.store.write() as connection:
        connection.execute(sa.update(recovery).values(kind='host-return'))
        guards.pause(connection, by='ann', reason='work', now=1.0)
    made = post(ask, body(site))
    assert made['status'] == 'new'
    assert 'still to be decided' in ask.refused('POST', PATH, body(site, ago=1), status=409)
    with site.store.write() as connection:
        guards.unpause(connection, by='ann', reason='', now=1.0)
    site.clock.wait(None, site.conf.watcher.again_seconds + 1.0)
    again.undecided(site)
    assert shown(ask, made)['status'] == 'running'


def test_filters_and_order(ask: Masakari, site: Site, member: dict[str, Any]) -> None:
    first = post(ask, body(site, ago=100, payload={'event': 'STARTED'}))
    payload = {'process_name': 'x', 'event': 'STOPPED'}
    second = post(ask, body(site, ago=50, type='PROCESS', payload=payload))
    third = post(ask, body(site))

    def ids(query: str) -> list[int]:
        return [one['id'] for one in ask.listed(f'{PATH}?{query}')]

    one, two, three = first['id'], second['id'], third['id']
    assert ids('') == [three, two, one]
    assert ids('type=PROCESS') == [two]
    assert ids('status=finished') == [two, one]
    assert ids('status=colourful') == []
    assert ids(f'source_host_uuid={member["uuid"]}&limit=1') == [three]
    assert ids('source_host_uuid=x') == []
    assert ids(f'generated-since={second["generated_time"]}') == [three, two]
    assert ids(f'generated-since={second["generated_time"]}%2B00:00') == [three, two]
    assert ids('sort_key=generated_time&sort_dir=asc') == [one, two, three]
    assert ids(f'sort_key=status&sort_dir=desc&marker={three}') == [two, one]
    said = ask.refused('GET', f'{PATH}?generated-since=yesterday', status=400)
    assert 'Invalid generated-since value' in said
    ask.refused('GET', f'{PATH}?sort_key=payload', status=400)


def test_unknown_ones_and_other_methods(ask: Masakari) -> None:
    ask.refused('GET', f'{PATH}/no-uuid', status=404)
    for method in ('PUT', 'DELETE'):
        answer = ask(method, f'{PATH}/no-uuid')
        assert (answer.status_code, list(answer.get_json())) == (405, ['badMethod'])


def test_who_may(ask: Masakari, site: Site, member: dict[str, Any]) -> None:
    monitor = Caller('masakari', ('service',), PROJECT)
    reader = Caller('eve', ('reader',), PROJECT, system=True)
    ask.refused('POST', PATH, body(site), by=reader, status=403)
    assert ask('POST', PATH, body(site), by=monitor).status_code == 202
    assert ask('GET', PATH, by=reader).status_code == 200
    ask.refused('GET', PATH, by=monitor, status=403)
