"""Switches, windows, workers, gates and findings over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from recovery.db import hosts
from recovery.operate.callers import Caller
from tests.unit.recovery.api.native.conftest import Native

ACTIONS = '/service/actions'


@pytest.mark.parametrize(
    ('scope', 'words'),
    [({}, 'the service'), ({'host': 'compute-01'}, 'host compute-01'),
     ({'segment': 'rack-1'}, 'segment rack-1')],
)  # fmt: skip
def test_switches(native: Native, scope: Any, words: str) -> None:
    with native.run.store.write() as connection:
        hosts.put(connection, 'compute-01', segment='rack-1')
    for stop, go, said in (('pause', 'unpause', 'paused'), ('disarm', 'arm', 'disarmed')):
        native.post(ACTIONS, {'action': stop} | scope, status=400)  # without a reason
        done = native.post(ACTIONS, {'action': stop, 'reason': 'why'} | scope)
        assert done['said'] == [f'{said}: {words}']
        native.post(ACTIONS, {'action': stop, 'reason': 'why'} | scope, status=409)
        native.post(ACTIONS, {'action': go} | scope)
        native.post(ACTIONS, {'action': go} | scope, status=409)
    assert {row['by'] for row in native.run.rows('guard')} == {'carol'}


@pytest.mark.parametrize('segment', ['rack-2', '*', '\0'])
def test_a_bound_role_holds_in_its_segment_alone(native: Native, segment: str) -> None:
    """Whatever a segment is called."""
    native.caller = Caller('carol', ('admin',), lines=('role:admin operator segments=rack-1',))
    wrong = 400 if segment == '\0' else 403
    native.post(ACTIONS, {'action': 'pause', 'reason': 'why', 'segment': segment}, status=wrong)
    body = {'segment': segment, 'ends_at': '2199-01-01T00:00:00Z', 'reason': 'a switch',
            'begins_at': '2198-12-31T00:00:00Z'}  # fmt: skip
    native.post('/windows', body, status=wrong)
    native.post('/hosts/compute-01/actions', {'action': 'set', 'segment': segment}, status=wrong)
    assert native.run.rows('guard') == native.run.rows('window') == []
    native.post(ACTIONS, {'action': 'pause', 'reason': 'why', 'segment': 'rack-1'})


def test_a_scope_is_one(native: Native) -> None:
    body = {'action': 'arm', 'host': 'compute-01', 'segment': 'rack-1'}
    native.post(ACTIONS, body, status=400)


def test_windows(native: Native) -> None:
    body = {'host': 'compute-01', 'ends_at': '2199-01-01T00:00:00Z', 'reason': 'a disk'}
    native.post('/windows', body, status=409)  # too long
    begins = {'begins_at': '2198-12-31T00:00:00Z'}
    added = native.post('/windows', body | begins, status=201)['window']
    assert (added['state'], added['by']) == ('planned', 'carol')
    assert native.get('/windows')['windows'] == [added]
    assert native.get(f'/windows/{added["id"][:8]}') == added
    native.post(f'/windows/{added["id"][:8]}/actions', {'action': 'close'})
    assert native.get('/windows')['windows'] == []
    assert native.get('/windows', all='true')['windows'][0]['closed_by'] == 'carol'
    native.post(f'/windows/{added["id"]}/actions', {'action': 'close'}, status=409)
    native.get('/windows/ffff', status=404)
    native.post('/windows', {'ends_at': '2199-01-01T00:00:00Z'}, status=400)


def test_workers(native: Native) -> None:
    now = native.run.store.clock.now()
    for name in ('worker-a', 'worker-b'):
        native.run.add('worker', name=name, kind='worker', host='ctl', pid=1, version='1',
                       started_at=now, seen_at=now)  # fmt: skip
    assert [one['name'] for one in native.get('/workers')['workers']] == ['worker-a', 'worker-b']
    done = native.post('/workers/worker-a/actions', {'action': 'drain'})
    assert done['workers'] == ['worker-a']
    done = native.post('/workers/worker-a/actions', {'action': 'drain', 'now': True})
    assert 'lets go' in done['said'][0]
    native.post('/workers/worker-a/actions', {'action': 'undrain', 'now': True}, status=400)
    native.post('/workers/worker-b/actions', {'action': 'drain'}, status=409)  # the last one
    native.post('/workers/worker-c/actions', {'action': 'drain'}, status=404)
    assert native.post('/workers/actions', {'action': 'undrain'})['workers'] == ['worker-a']


def test_gates_and_findings(native: Native) -> None:
    found = native.get('/policy/gates', kind='host-down', limit=3)
    assert [one['number'] for one in found['gates']] == [1, 2, 3]
    more = native.get('/policy/gates', kind='host-down', marker=found['next'])
    assert more['gates'][0]['number'] == 4
    assert all(
        'line' in one['stages'] for one in native.get('/policy/gates', stage='line')['gates']
    )
    assert {'database', 'nova'} <= {
        one['check'].lower() for one in native.get('/findings')['findings']
    }
