"""Aodh: the host from the URL, from traits, or from where the settings say."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.alarms.aodh import AodhAlarms
from drivers.contracts.alarms import BadPayload, Heard, Post
from tests.unit.drivers.alarms import payloads


def read(payload: Any, settings: Any = None, at: float = payloads.NOW, **query: str) -> Heard:
    return AodhAlarms.build(settings or {}).read(Post('aodh', payload, query, at))


def test_the_host_of_the_url() -> None:
    (alarm,) = read(payloads.aodh(), host='cmp-01').alarms
    assert (alarm.subject, alarm.at) == ('cmp-01', payloads.NOW)
    assert alarm.evidence['alarm_name'] == 'cmp-01 is silent'


def test_the_host_of_an_event_and_its_own_time() -> None:
    (alarm,) = read(payloads.aodh_event()).alarms
    assert alarm.subject == 'cmp-01'
    assert alarm.at == pytest.approx(1795169426.593869)
    assert alarm.key.endswith('@a2e1a0f6-6b3b-4b0b-9f9a-2d3cf1c2a001')


def test_the_trait_and_the_path_of_the_settings() -> None:
    (alarm,) = read(payloads.aodh_event('web'), {'traits': ['service']}).alarms
    assert alarm.subject == 'monitor'
    settings = {'host': 'alarm_name', 'host_regex': r'^(\S+) is silent'}
    assert read(payloads.aodh(), settings).alarms[0].subject == 'cmp-01'


def test_ok_is_resolved_and_no_data_is_nothing_unless_asked_for() -> None:
    heard = read(payloads.aodh(current='ok', previous='alarm'), host='cmp-01')
    assert [(one.subject, one.key) for one in heard.resolved] == [('cmp-01', '')]
    silent = payloads.aodh(current='insufficient data')
    assert read(silent, host='cmp-01').passed == 1
    assert len(read(silent, {'no_data_is_alarm': True}, host='cmp-01').alarms) == 1


def test_repeats_of_one_hour_are_one_alarm() -> None:
    repeat = payloads.aodh(previous='alarm')
    first, second, later = (
        read(repeat, at=payloads.NOW + seconds, host='cmp-01').alarms[0].key
        for seconds in (0, 60, 3600)
    )
    assert first == second != later
    transition = read(payloads.aodh(), host='cmp-01').alarms[0].key
    assert transition != first


@pytest.mark.parametrize(
    ('payload', 'sentence'),
    [
        ([], 'none of Aodh'),
        ({'alarm_id': 1, 'current': 'alarm'}, 'none of Aodh'),
        (payloads.aodh(current='on fire'), '"current" must be'),
        (payloads.aodh(), r'names no host: give \?host=NAME'),
        (payloads.aodh(reason_data={'event': {'traits': [['host', 1]]}}), 'names no host'),
    ],
)
def test_what_cannot_be_read_is_refused(payload: Any, sentence: str) -> None:
    with pytest.raises(BadPayload, match=sentence):
        read(payload)
