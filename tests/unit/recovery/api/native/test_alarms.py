"""Alarms over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from recovery.operate.callers import Caller
from tests.unit.recovery.api.native.conftest import Native


def test_an_alarm_is_taken_and_answered(native: Native) -> None:
    body = {'kind': 'host-down', 'subject': 'compute-01', 'key': 'k', 'evidence': {'ping': 'lost'}}
    done = native.post('/alarms', body, status=202)
    assert done['answer'] in ('hold', 'ignore')
    again = native.post('/alarms', body, status=202)
    assert again['alarm'] == done['alarm']
    (listed,) = native.get('/alarms')['alarms']
    assert (listed['source'], listed['subject'], listed['repeats'] > 0) == (
        'api',
        'compute-01',
        True,
    )
    found = native.get(f'/alarms/{done["alarm"][:8]}')
    assert (found['requested_by'], found['evidence']) == ('carol', {'ping': 'lost'})
    assert found['decisions'][0]['gates']
    assert native.get(f'/alarms/{done["alarm"]}/bundle')['body']['alarms']
    assert native.get('/alarms', answer='undecided')['alarms'] == []
    assert native.get('/alarms', since='1h', limit=1)['alarms']


def test_evidence_is_any_small_object(native: Native) -> None:
    evidence = {'a': [{'b': [1, None]}], 'text': 'lost'}
    body = {'kind': 'host-down', 'subject': 'compute-99', 'evidence': evidence}
    done = native.post('/alarms', body, status=202)
    assert native.get(f'/alarms/{done["alarm"]}')['evidence'] == evidence


def test_when_it_happened(native: Native) -> None:
    body = {'kind': 'host-down', 'subject': 'compute-01', 'at': '2031-05-17T03:10:22+02:00'}
    done = native.post('/alarms', body, status=202)
    assert native.get(f'/alarms/{done["alarm"]}')['at'] == '2031-05-17T01:10:22.000Z'


@pytest.mark.parametrize(
    ('more', 'part'),
    [({'kind': 'host-up'}, 'kind'), ({'subject': ''}, 'subject'), ({'at': 'now'}, 'at'),
     ({'at': '2031-02-30T00:00:00Z'}, 'at'), ({'evidence': 'lost'}, 'evidence'),
     ({'evidence': {'a': {'b': {'c': {'d': {}}}}}}, 'evidence'),
     ({'source': ' '}, 'source'), ({'requested_by': 'root'}, 'requested_by')],
)  # fmt: skip
def test_what_is_malformed_is_not_stored(native: Native, more: Any, part: str) -> None:
    body = {'kind': 'host-down', 'subject': 'compute-01'} | more
    (said,) = native.post('/alarms', body, status=400).values()
    assert part in said['message']
    assert native.run.rows('alarm') == []


def test_it_is_decided_about_again(native: Native) -> None:
    body = {'kind': 'host-down', 'subject': 'compute-99'}
    alarm = native.post('/alarms', body, status=202)['alarm']
    done = native.post(f'/alarms/{alarm}/actions', {'action': 'decide', 'reason': 'now'})
    assert done['answer'] == 'ignore'
    assert 'carol' in {row['who'] for row in native.run.rows('event')}
    native.post('/alarms/ffff/actions', {'action': 'decide'}, status=404)
    native.get('/alarms/ffff', status=404)


def test_only_an_operator_names_another_source(native: Native) -> None:
    """What alarms may start depends on their source."""
    body = {'kind': 'host-down', 'subject': 'compute-99'}
    native.caller = Caller('monitor', ('service',))
    native.post('/alarms', body, status=202)
    native.post('/alarms', body | {'source': 'api'}, status=202)
    (said,) = native.post('/alarms', body | {'source': 'cli'}, status=403).values()
    assert 'recovery:alarm-source' in said['message']
    native.caller = Caller('carol', ('admin',))
    native.post('/alarms', body | {'source': 'cli'}, status=202)
    assert {row['source'] for row in native.run.rows('alarm')} == {'api', 'cli'}


def test_a_reader_raises_none(native: Native) -> None:
    native.caller = Caller('eve', ('reader',), system=True)
    native.post('/alarms', {'kind': 'host-down', 'subject': 'compute-01'}, status=403)
    assert native.run.rows('alarm') == []
