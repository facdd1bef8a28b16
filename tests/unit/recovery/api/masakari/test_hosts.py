"""/segments/{uuid}/hosts: routes, fields, filters, marks and errors."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.contracts.errors import Unreachable
from recovery.db import events, guards, hosts, recoveries, states
from recovery.operate.callers import Caller
from recovery.site import Site
from tests.unit.recovery.api.masakari.conftest import PROJECT, Masakari
from tests.unit.recovery.api.masakari.test_segments import recovering

BASE = {'name': 'compute-01', 'type': 'COMPUTE', 'control_attributes': 'SSH'}


@pytest.fixture
def path(ask: Masakari) -> str:
    return f'/v1/segments/{ask.segment()["uuid"]}/hosts'


def test_created_shown_and_listed(ask: Masakari, site: Site) -> None:
    segment = ask.segment()
    path = f'/v1/segments/{segment["uuid"]}/hosts'
    made = ask.host(segment['uuid'])
    assert list(made) == [
        'id', 'uuid', 'name', 'failover_segment_id', 'failover_segment', 'type', 'reserved',
        'control_attributes', 'on_maintenance', 'created_at', 'updated_at', 'deleted_at', 'deleted',
    ]  # fmt: skip
    assert made['failover_segment'] == segment
    assert made['failover_segment_id'] == segment['uuid']
    assert made['reserved'] is made['on_maintenance'] is False
    assert ask('GET', f'{path}/{made["uuid"]}').get_json() == {'host': made}
    assert ask.listed(path) == [made]
    assert ask.listed(f'/v1/{PROJECT}/segments/{segment["uuid"]}/hosts') == [made]
    with site.store.read() as connection:
        assert hosts.get(connection, 'compute-01').segment == 'rack-1'
        story = [row['what'] for row in events.newest(connection)]
    assert story[0] == 'made host compute-01 a member of segment rack-1'


def test_null_for_what_may_be_null(ask: Masakari, path: str) -> None:
    body = {'host': BASE | {'type': None, 'control_attributes': None}}
    answer = ask('POST', path, body)
    assert answer.status_code == 201
    assert answer.get_json()['host']['control_attributes'] is None


def test_changed_and_deleted(ask: Masakari, path: str, site: Site) -> None:
    ask('POST', path, {'host': BASE})
    (made,) = ask.listed(path)
    one = f'{path}/{made["uuid"]}'
    answer = ask('PUT', one, {'host': {'name': 'compute-02', 'reserved': 'True'}})
    assert answer.status_code == 200, answer.text
    changed = answer.get_json()['host']
    assert (changed['name'], changed['reserved'], changed['uuid']) == (
        'compute-02', True, made['uuid'],
    )  # fmt: skip
    with site.store.read() as connection:
        assert hosts.get(connection, 'compute-01').segment is None
        assert hosts.get(connection, 'compute-02').segment == 'rack-1'
    answer = ask('DELETE', one)
    assert (answer.status_code, answer.data) == (204, b'')
    ask.refused('GET', one, status=404)
    with site.store.read() as connection:
        assert hosts.get(connection, 'compute-02').segment is None


def test_unknown_ones(ask: Masakari, path: str) -> None:
    made = ask('POST', path, {'host': BASE}).get_json()['host']
    other = ask.segment('rack-2')['uuid']
    body = {'host': {'type': 'x'}}
    for method, said in (('GET', None), ('PUT', body), ('DELETE', None)):
        ask.refused(method, f'{path}/no-uuid', said, status=404)
        ask.refused(method, f'/v1/segments/{other}/hosts/{made["uuid"]}', said, status=404)
        ask.refused(method, f'/v1/segments/no-uuid/hosts/{made["uuid"]}', said, status=404)
    ask.refused('GET', '/v1/segments/no-uuid/hosts', status=404)
    ask.refused('POST', '/v1/segments/no-uuid/hosts', {'host': BASE}, status=404)


def test_a_host_is_a_member_once(ask: Masakari, path: str) -> None:
    ask('POST', path, {'host': BASE})
    assert 'compute-01' in ask.refused('POST', path, {'host': BASE}, status=409)
    other = f'/v1/segments/{ask.segment("rack-2")["uuid"]}/hosts'
    ask.refused('POST', other, {'host': BASE}, status=409)
    second = ask('POST', other, {'host': BASE | {'name': 'compute-02'}}).get_json()['host']
    body = {'host': {'name': 'compute-01'}}
    ask.refused('PUT', f'{other}/{second["uuid"]}', body, status=409)


def test_only_compute_services_can_be_hosts(ask: Masakari, path: str) -> None:
    body = {'host': BASE | {'name': 'compute-99'}}
    assert 'compute-99' in ask.refused('POST', path, body, status=400)
    made = ask('POST', path, {'host': BASE}).get_json()['host']
    ask.refused('PUT', f'{path}/{made["uuid"]}', {'host': {'name': 'COMPUTE-01'}}, status=400)


def test_nova_that_does_not_answer_is_our_trouble(
    ask: Masakari, path: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ask('POST', path, {'host': BASE}).get_json()['host']

    def silent(**_: Any) -> None:
        raise Unreachable('no route to Nova')

    monkeypatch.setattr(site.compute, 'services', silent)
    body = {'host': BASE | {'name': 'compute-02'}}
    assert 'no route to Nova' in ask.refused('POST', path, body, status=503)
    # What needs no Nova goes on without it.
    answer = ask(
        'PUT', f'{path}/{made["uuid"]}', {'host': {'reserved': True, 'name': BASE['name']}}
    )
    assert answer.status_code == 200
    assert len(ask.listed(path)) == 1


BAD: dict[str, Any] = {
    'no name': {'type': 'x', 'control_attributes': 'x'},
    'no type': {'name': 'compute-01', 'control_attributes': 'x'},
    'no control attributes': {'name': 'compute-01', 'type': 'x'},
    'type with a sign': BASE | {'type': 'a-b'},
    'type with a newline': BASE | {'type': 'ab\n'},
    'type a number': BASE | {'type': 5},
    'reserved': BASE | {'reserved': 'perhaps'},
    'maintenance': BASE | {'on_maintenance': None},
    'unknown key': BASE | {'uuid': 'x'},
    'long name': BASE | {'name': 'c' * 256},
}


def test_bad_bodies(ask: Masakari, path: str) -> None:
    for name, said in BAD.items():
        assert ask.refused('POST', path, {'host': said}, status=400), name
    assert ask.listed(path) == []


def test_an_update_needs_something(ask: Masakari, path: str) -> None:
    made = ask('POST', path, {'host': BASE}).get_json()['host']
    ask.refused('PUT', f'{path}/{made["uuid"]}', {'host': {}}, status=400)


def test_in_use(ask: Masakari, path: str, site: Site) -> None:
    made = ask('POST', path, {'host': BASE}).get_json()['host']
    ask('POST', path, {'host': BASE | {'name': 'compute-02'}})
    name = recovering(site, 'compute-02', states.READY)[:8]
    one = f'{path}/{made["uuid"]}'
    assert name in ask.refused('PUT', one, {'host': {'reserved': True}}, status=409)
    assert name in ask.refused('DELETE', one, status=409)
    # As with Masakari, more hosts may join.
    assert ask('POST', path, {'host': BASE | {'name': 'compute-03'}}).status_code == 201


def maintained(site: Site, host: str = 'compute-01') -> tuple[bool, str | None, str | None]:
    with site.store.read() as connection:
        found = hosts.get(connection, host)
    return found.maintenance, found.maintenance_by, found.failed_by


def test_maintenance_is_the_operators(ask: Masakari, path: str, site: Site) -> None:
    made = ask('POST', path, {'host': BASE | {'on_maintenance': True}}).get_json()['host']
    assert made['on_maintenance'] is True
    assert maintained(site) == (True, 'ann', None)
    one = f'{path}/{made["uuid"]}'
    answer = ask('PUT', one, {'host': {'on_maintenance': 'False'}})  # as OpenStackClient sends it
    assert answer.get_json()['host']['on_maintenance'] is False
    assert maintained(site) == (False, None, None)


def test_maintenance_that_is_not_named_stays(ask: Masakari, path: str, site: Site) -> None:
    with site.store.write() as connection:
        guards.maintain(connection, 'compute-01', True, by='bob', reason='disks', now=1.0)
    made = ask('POST', path, {'host': BASE}).get_json()['host']
    assert made['on_maintenance'] is True
    ask('PUT', f'{path}/{made["uuid"]}', {'host': {'type': 'x'}})
    assert maintained(site) == (True, 'bob', None)


def test_our_mark_is_shown_and_taken_off(ask: Masakari, path: str, site: Site) -> None:
    made = ask('POST', path, {'host': BASE}).get_json()['host']
    recovery = recovering(site)
    with site.store.write() as connection:
        hosts.put(connection, 'compute-01', failed_by=recovery)
    one = f'{path}/{made["uuid"]}'
    assert ask('GET', one).get_json()['host']['on_maintenance'] is True
    body = {'host': {'on_maintenance': False}}
    said = ask.refused('PUT', one, body, status=409)
    assert recovery[:8] in said
    assert 'stays on maintenance' in said
    assert maintained(site)[2] == recovery
    with site.store.write() as connection:
        now = site.clock.now()
        recoveries.move(connection, recovery, states.HELD, states.CANCELLED, now)
    answer = ask('PUT', one, body)
    assert answer.get_json()['host']['on_maintenance'] is False
    assert maintained(site)[2] is None


def test_filters(ask: Masakari, path: str, site: Site) -> None:
    ask('POST', path, {'host': BASE})
    ask('POST', path, {'host': BASE | {'name': 'compute-02', 'type': 'x', 'reserved': True}})
    ask('POST', path, {'host': BASE | {'name': 'compute-03', 'control_attributes': 'IPMI'}})
    with site.store.write() as connection:
        hosts.put(connection, 'compute-03', failed_by='f' * 36)

    def names(query: str) -> list[str]:
        return [one['name'][-1] for one in ask.listed(f'{path}?{query}')]

    assert names('') == ['3', '2', '1']
    assert names('type=x') == ['2']
    assert names('reserved=true') == ['2']
    assert names('reserved=no') == ['3', '1']
    assert names('on_maintenance=1') == ['3']
    assert names('on_maintenance=False&reserved=off') == ['1']
    assert names('name=compute-02') == ['2']
    assert names('control_attributes=IPMI') == ['3']
    assert names('sort_key=on_maintenance&sort_dir=desc&limit=1') == ['3']
    assert names('sort_key=name&sort_dir=asc&marker=1') == ['2', '3']
    for query in ('reserved=maybe', 'on_maintenance=', 'sort_key=failed_by'):
        ask.refused('GET', f'{path}?{query}', status=400)


def test_no_host_is_taken_out_of_a_segment_of_others(ask: Masakari, path: str, site: Site) -> None:
    """A label by hand is no member, and still a segment."""
    with site.store.write() as connection:
        hosts.put(connection, 'compute-02', segment='rack-9')
    lines = ('role:admin operator segments=rack-1',)
    bound = Caller('bob', ('admin',), PROJECT, lines=lines)
    other = {'host': BASE | {'name': 'compute-02'}}
    assert 'rack-9' in ask.refused('POST', path, other, by=bound, status=403)
    # A host without a label is everybody's: who may fence one segment must not take it to himself.
    ask.refused('POST', path, {'host': BASE}, by=bound, status=403)
    made = ask('POST', path, {'host': BASE})
    assert made.status_code == 201
    one = f'{path}/{made.get_json()["host"]["uuid"]}'
    said = ask.refused('PUT', one, {'host': {'name': 'compute-02'}}, by=bound, status=403)
    assert 'rack-9' in said
    assert ask('PUT', one, {'host': {'name': 'compute-01'}}, by=bound).status_code == 200
    with site.store.read() as connection:
        assert hosts.get(connection, 'compute-02').segment == 'rack-9'
    both = Caller('bob', ('admin',), PROJECT, lines=(f'{lines[0]},rack-9',))
    assert ask('PUT', one, {'host': {'name': 'compute-02'}}, by=both).status_code == 200


def test_who_may(ask: Masakari, path: str) -> None:
    made = ask('POST', path, {'host': BASE}).get_json()['host']
    reader = Caller('eve', ('reader',), PROJECT, system=True)
    one = f'{path}/{made["uuid"]}'
    assert ask('GET', one, by=reader).status_code == 200
    ask.refused('POST', path, {'host': BASE}, by=reader, status=403)
    ask.refused('PUT', one, {'host': {'type': 'x'}}, by=reader, status=403)
    ask.refused('DELETE', one, by=reader, status=403)
