"""Hosts over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from recovery.operate.callers import Caller
from tests.unit.recovery.api.native.conftest import Native

ACTIONS = '/hosts/compute-01/actions'


def message(answer: Any) -> Any:
    (inner,) = answer.values()
    return inner


def test_the_list_and_one(native: Native) -> None:
    found = native.get('/hosts', limit=2)
    assert [one['host'] for one in found['hosts']] == ['compute-01', 'compute-02']
    more = native.get('/hosts', marker=found['next'])
    assert [one['host'] for one in more['hosts']] == ['compute-03']
    assert (found['trouble'], more['next']) == ([], None)
    assert native.get('/hosts/compute-01')['devices'][0]['power'] == 'on'
    native.get('/hosts/compute-99', status=404)


def test_a_plan_writes_nothing(native: Native) -> None:
    before = {name: native.run.rows(name) for name in ('alarm', 'decision', 'recovery', 'event')}
    found = native.post('/hosts/compute-01/plan', {'kind': 'host-down'})
    assert (found['host'], found['answer'] in ('hold', 'ignore')) == ('compute-01', True)
    assert native.post('/hosts/compute-99/plan', {})['answer'] == 'ignore'
    native.post('/hosts/compute-01/plan', {'kind': 'host-up'}, status=400)
    assert before == {name: native.run.rows(name) for name in before}
    native.caller = Caller('eve', ('reader',), system=True)
    native.post('/hosts/compute-01/plan', {})
    native.caller = Caller('mallory', ('member',))
    native.post('/hosts/compute-01/plan', {}, status=403)


def test_maintenance_wants_a_reason_to_begin(native: Native) -> None:
    said = message(native.post(ACTIONS, {'action': 'maintenance', 'on': True}, status=400))
    assert 'reason' in said['message']
    done = native.post(ACTIONS, {'action': 'maintenance', 'on': True, 'reason': 'a disk'})
    assert done['said'] == ['maintenance of compute-01 is on']
    assert native.get('/hosts/compute-01')['maintenance_by'] == 'carol'
    native.post(ACTIONS, {'action': 'maintenance', 'on': True, 'reason': 'x'}, status=409)
    native.post(ACTIONS, {'action': 'maintenance', 'on': False})


def test_set(native: Native) -> None:
    native.post(ACTIONS, {'action': 'set', 'segment': 'rack-1', 'carries': ['bus']})
    host = native.get('/hosts/compute-01')
    assert (host['segment'], host['carries']) == ('rack-1', ['bus'])
    native.post(ACTIONS, {'action': 'set'}, status=400)
    native.post(ACTIONS, {'action': 'set', 'carries': ['everything']}, status=400)
    native.caller = Caller('carol', ('admin',), lines=('role:admin operator segments=rack-1',))
    native.post(ACTIONS, {'action': 'set', 'segment': 'rack-2'}, status=403)
    native.post(ACTIONS, {'action': 'set', 'segment': ''})


def test_a_return_that_is_refused_says_why(native: Native) -> None:
    done = native.post(ACTIONS, {'action': 'return'})
    assert (done['answer'], done['recovery']) == ('ignore', None)
    assert done['said'][0].startswith('ignore: ')
    native.post(ACTIONS, {'action': 'return', 'accept_leftovers': True}, status=400)


def test_a_word_is_taken_only_when_somebody_waits_for_it(native: Native) -> None:
    body = {'action': 'confirm-fenced', 'reason': 'I pulled the plug'}
    said = message(native.post(ACTIONS, body, status=409))
    assert 'never kept for later' in said['message']
    native.run.recovery(state='waiting', code='fence-exhausted', phase='fence')
    said = message(native.post(ACTIONS, body, status=409))
    assert 'is not off' in said['message']


def test_force_is_another_order(native: Native) -> None:
    native.run.recovery(state='waiting', code='fence-exhausted', phase='fence')
    body = {'action': 'confirm-fenced', 'reason': 'I pulled the plug', 'force': True}
    said = message(native.post(ACTIONS, body, status=403))
    assert 'confirm-fenced-force' in said['message']


@pytest.mark.parametrize('host', ['', '.', 'a/b', 'x' * 256])
def test_a_name_that_no_host_has(native: Native, host: str) -> None:
    answer = native.inside.test_client().post(
        f'/recovery/v1/hosts/{host}/actions', json={'action': 'maintenance', 'on': False},
        environ_overrides={'recovery.caller': native.caller},
    )  # fmt: skip
    assert answer.status_code in (400, 404, 405)


def test_fence_paths(native: Native) -> None:
    now = native.run.store.clock.now()
    native.run.add(
        'fence_path', host='compute-01', off_works=True, on_works=True, verdict='well: fine',
        devices=[{'name': 'bmc'}], at=now, since=now,
    )  # fmt: skip
    native.run.add(
        'fence_path', host='compute-02', verdict='', devices=[], at=now, since=now,
        off_works=None, on_works=None,
    )  # fmt: skip
    first, second = native.get('/fence-paths')['fence_paths']
    assert (first['off_works'], second['verdict'], second['at']) == (True, '', None)
    assert native.get('/fence-paths/compute-01')['verdict'] == 'well: fine'
    native.get('/fence-paths/compute-99', status=404)
