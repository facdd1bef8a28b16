"""/segments: routes, fields, filters and errors."""

from __future__ import annotations

from typing import Any

import pytest

from recovery.db import hosts, recoveries, states
from recovery.operate.callers import Caller
from recovery.site import Site
from tests.unit.recovery.api.masakari.conftest import PROJECT, Masakari

PATH = '/v1/segments'
BASE = {'name': 'rack-1', 'recovery_method': 'auto', 'service_type': 'COMPUTE'}


def recovering(site: Site, host: str = 'compute-01', state: str = states.HELD) -> str:
    fresh = recoveries.Fresh(
        id=site.clock.new_id(), kind='host-down', subject=host, host=host, state=state,
        reason='because', requested_by='ann', arguments={}, created_at=site.clock.now(),
    )  # fmt: skip
    with site.store.write() as connection:
        recoveries.create(connection, fresh)
    return fresh.id


def test_created_shown_and_listed(ask: Masakari) -> None:
    made = ask.segment(description='two\nlines')
    assert list(made) == [
        'id', 'uuid', 'name', 'service_type', 'enabled', 'description', 'recovery_method',
        'created_at', 'updated_at', 'deleted_at', 'deleted',
    ]  # fmt: skip
    assert (made['id'], made['enabled'], made['deleted']) == (1, True, False)
    assert made['updated_at'] is made['deleted_at'] is None
    assert made['created_at'].endswith('.000000')
    assert made['created_at'][10] == 'T'
    assert ask('GET', f'{PATH}/{made["uuid"]}').get_json() == {'segment': made}
    assert ask.listed(PATH) == [made]


def test_both_forms_of_paths(ask: Masakari) -> None:
    made = ask.segment()
    other = f'/v1/{PROJECT}/segments'
    assert ask.listed(other) == [made]
    assert ask('GET', f'{other}/{made["uuid"]}').get_json() == {'segment': made}
    said = ask.refused('GET', '/v1/' + 'f' * 32 + '/segments', status=400)
    assert said.startswith('Malformed request URL')
    system = Caller('eve', ('admin',), None, system=True)
    assert ask('GET', '/v1/' + 'f' * 32 + '/segments', by=system).status_code == 200
    ask.refused('GET', '/v1/No-Project/segments', status=404)


def test_changed(ask: Masakari, site: Site) -> None:
    made = ask.segment()
    ask.host(made['uuid'])
    answer = ask('PUT', f'{PATH}/{made["uuid"]}', {'segment': {'name': 'b', 'description': None}})
    assert answer.status_code == 200
    changed = answer.get_json()['segment']
    assert (changed['name'], changed['description']) == ('b', None)
    assert changed['updated_at'] is not None
    with site.store.read() as connection:
        assert hosts.get(connection, 'compute-01').segment == 'b'


def test_deleted_with_its_hosts_and_the_name_is_free(ask: Masakari) -> None:
    made = ask.segment()
    host = ask.host(made['uuid'])
    answer = ask('DELETE', f'{PATH}/{made["uuid"]}')
    assert (answer.status_code, answer.data) == (204, b'')
    ask.refused('GET', f'{PATH}/{made["uuid"]}', status=404)
    again = ask.segment()
    assert again['uuid'] != made['uuid']
    ask.refused('GET', f'{PATH}/{again["uuid"]}/hosts/{host["uuid"]}', status=404)
    ask.host(again['uuid'])


def test_unknown_ones(ask: Masakari) -> None:
    for asked in (('GET', None), ('PUT', {'segment': {'name': 'x'}}), ('DELETE', None)):
        said = ask.refused(asked[0], f'{PATH}/no-uuid', asked[1], status=404)
        assert 'no-uuid' in said


def test_a_name_is_used_once(ask: Masakari) -> None:
    ask.segment()
    assert 'rack-1' in ask.refused('POST', PATH, {'segment': BASE}, status=409)
    other = ask.segment('rack-2')
    body = {'segment': {'name': 'rack-1'}}
    assert 'rack-1' in ask.refused('PUT', f'{PATH}/{other["uuid"]}', body, status=409)
    assert ask('PUT', f'{PATH}/{other["uuid"]}', {'segment': {'name': 'rack-2'}}).status_code == 200


@pytest.mark.parametrize('state', sorted(states.LIVE))
def test_a_segment_in_use(ask: Masakari, site: Site, state: str) -> None:
    made = ask.segment()
    ask.host(made['uuid'])
    recovery = recovering(site, state=state)
    for asked in (('PUT', {'segment': {'description': 'x'}}), ('DELETE', None)):
        said = ask.refused(asked[0], f'{PATH}/{made["uuid"]}', asked[1], status=409)
        assert recovery[:8] in said
        assert 'in use' in said
    with site.store.write() as connection:
        now = site.clock.now()
        if state == states.HELD:
            recoveries.move(connection, recovery, state, states.CANCELLED, now)
    if state == states.HELD:
        assert ask('DELETE', f'{PATH}/{made["uuid"]}').status_code == 204


BAD: dict[str, Any] = {
    'no body': None,
    'no key': {},
    'another key': {'segment': BASE, 'more': 1},
    'no object': {'segment': 'x'},
    'no name': {'segment': {key: BASE[key] for key in ('recovery_method', 'service_type')}},
    'no method': {'segment': {'name': 'x', 'service_type': 'x'}},
    'no service type': {'segment': {'name': 'x', 'recovery_method': 'auto'}},
    'empty name': {'segment': BASE | {'name': ''}},
    'long name': {'segment': BASE | {'name': 'x' * 256}},
    'space before': {'segment': BASE | {'name': ' x'}},
    'space behind': {'segment': BASE | {'name': 'x '}},
    'newline': {'segment': BASE | {'name': 'x\n'}},
    'control character': {'segment': BASE | {'name': 'x\ty'}},
    'number': {'segment': BASE | {'name': 7}},
    'method in capitals': {'segment': BASE | {'recovery_method': 'AUTO'}},
    'unknown method': {'segment': BASE | {'recovery_method': 'manual'}},
    'unknown key': {'segment': BASE | {'colour': 'red'}},
    'description': {'segment': BASE | {'description': 7}},
    'enabled': {'segment': BASE | {'enabled': 'maybe'}},
    'enabled null': {'segment': BASE | {'enabled': None}},
}


def test_bad_bodies(ask: Masakari) -> None:
    for name, said in BAD.items():
        assert ask.refused('POST', PATH, said, status=400), name
    assert ask.listed(PATH) == []


def test_an_update_needs_something(ask: Masakari) -> None:
    made = ask.segment()
    ask.refused('PUT', f'{PATH}/{made["uuid"]}', {'segment': {}}, status=400)


def test_other_content_types(ask: Masakari) -> None:
    for kind, status in (('application/vnd.openstack.masakari+json', 201), ('text/plain', 415)):
        answer = ask.inside.ask(
            'POST', PATH, data='{"segment": {"name": "a", "recovery_method": "auto",'
            '"service_type": "x"}}', content_type=kind,
        )  # fmt: skip
        assert answer.status_code == status
    answer = ask.inside.ask('POST', PATH, data='{', content_type='application/json')
    assert answer.status_code == 400
    assert 'Malformed request body' in answer.text


@pytest.mark.parametrize('value', [True, 'True', 'on', 'YES', '1'])
def test_enabled_since_1_2(ask: Masakari, value: object) -> None:
    made = ask.segment(enabled=False)
    assert made['enabled'] is False
    changed = ask('PUT', f'{PATH}/{made["uuid"]}', {'segment': {'enabled': value}})
    assert changed.get_json()['segment']['enabled'] is True
    for version, status in (('1.0', 400), ('1.1', 400), ('1.2', 200), ('latest', 200)):
        ask.version = version
        answer = ask('PUT', f'{PATH}/{made["uuid"]}', {'segment': {'enabled': 'no'}})
        assert answer.status_code == status
        assert 'enabled' in ask.listed(PATH)[0]


def test_filters(ask: Masakari) -> None:
    ask.segment('a', recovery_method='rh_priority')
    ask.segment('b', service_type='other', enabled=False)

    def names(query: str) -> list[str]:
        return [one['name'] for one in ask.listed(f'{PATH}?{query}')]

    assert names('recovery_method=rh_priority') == ['a']
    assert names('service_type=other') == ['b']
    for word in ('false', '0', 'no', 'False', 'OFF'):
        assert names(f'enabled={word}') == ['b']
    assert names('enabled=True') == ['a']
    assert names('colour=red') == ['b', 'a']
    assert 'enabled' in ask.refused('GET', f'{PATH}?enabled=maybe', status=400)


def test_pages_and_order(ask: Masakari) -> None:
    for name in ('c', 'a', 'b'):
        ask.segment(name)

    def names(query: str) -> list[str]:
        return [one['name'] for one in ask.listed(f'{PATH}?{query}')]

    assert names('') == ['b', 'a', 'c']
    assert names('sort_key=name&sort_dir=asc') == ['a', 'b', 'c']
    assert names('sort_key=name&sort_dir=asc&limit=1&marker=2') == ['b']
    assert names('limit=2') == ['b', 'a']
    assert names('limit=2&marker=2') == ['c']
    assert names('limit=0') == []
    for query in ('limit=-1', 'limit=x', 'marker=99', 'marker=no-number', 'sort_key=colour',
                  'sort_dir=up', 'sort_key=name&sort_dir=asc&sort_dir=asc'):  # fmt: skip
        assert ask.refused('GET', f'{PATH}?{query}', status=400)
    assert ask.refused('GET', f'{PATH}?marker=99', status=400) == 'Marker 99 could not be found.'


def test_who_may(ask: Masakari) -> None:
    made = ask.segment()
    reader = Caller('eve', ('reader',), PROJECT, system=True)
    assert ask('GET', PATH, by=reader).status_code == 200
    stranger = Caller('bob', ('member',), PROJECT)
    ask.refused('GET', PATH, by=stranger, status=403)
    for asked in (
        ('POST', PATH, {'segment': BASE}),
        ('PUT', f'{PATH}/{made["uuid"]}', {'segment': {'name': 'x'}}),
        ('DELETE', f'{PATH}/{made["uuid"]}'),
    ):
        for who in (reader, stranger):
            assert 'recovery:segment-set' in ask.refused(*asked, by=who, status=403)


def test_other_methods(ask: Masakari) -> None:
    ask.refused('PATCH', PATH, status=405)
    ask.refused('DELETE', PATH, status=405)
