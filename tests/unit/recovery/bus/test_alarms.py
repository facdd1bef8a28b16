"""An alarm in a notification: what must be there, what may, and what is refused in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from recovery.bus.alarms import alarm_of
from recovery.intake.receive import BadAlarm, check

NOW = 1_900_000_000.0
MESSAGE = {'message_id': 'm-1', 'timestamp': '2030-03-17 17:46:40.000000'}


def test_one_with_everything() -> None:
    payload = {
        'key': 'k-1',
        'kind': 'host-down',
        'subject': 'compute-01',
        'at': '2030-03-17T17:46:30Z',
        'evidence': {'pings': 0},
        'requested_by': 'ann',
        'field of tomorrow': 1,
    }
    alarm = alarm_of('monitor.rack-1', payload, MESSAGE, NOW)
    assert (alarm.source, alarm.key, alarm.kind) == ('bus:monitor.rack-1', 'k-1', 'host-down')
    assert (alarm.subject, alarm.at) == ('compute-01', NOW - 10)
    assert alarm.evidence == {'pings': 0}
    assert alarm.requested_by == 'bus:ann', 'no human of ours'
    assert 'field of tomorrow' in alarm.raw
    check(alarm)


def test_the_least() -> None:
    alarm = alarm_of('monitor', {'subject': 'compute-01'}, MESSAGE, NOW)
    assert (alarm.kind, alarm.key, alarm.at) == ('host-down', 'm-1', NOW)
    assert alarm.requested_by == 'bus:monitor'
    check(alarm)


def test_a_long_name_fits_into_its_column() -> None:
    alarm = alarm_of('monitor', {'subject': 'compute-01', 'requested_by': 'a' * 300}, MESSAGE, NOW)
    assert alarm.requested_by == f'bus:{"a" * 251}'


def test_nobody_on_the_bus_passes_for_another_source() -> None:
    assert alarm_of('cli', {'subject': 'compute-01'}, MESSAGE, NOW).source == 'bus:cli'


@pytest.mark.parametrize(
    ('publisher', 'payload', 'says'),
    [
        ('monitor', ['compute-01'], 'the payload is no object but list'),
        ('monitor', None, 'the payload is no object'),
        ('monitor', {}, 'subject is None: give a non-empty text'),
        ('monitor', {'subject': 7}, 'subject is 7'),
        ('monitor', {'subject': ' '}, 'subject is'),
        ('monitor', {'subject': 'a', 'kind': None}, 'kind is None'),
        ('monitor', {'subject': 'a', 'key': {}, 'at': 'noon'}, "at: 'noon' is no time"),
        ('monitor', {'subject': 'a', 'key': [1]}, 'key is [1]'),
        ('monitor', {'subject': 'a', 'evidence': 'seen'}, 'evidence is str'),
        (None, {'subject': 'a'}, 'publisher_id is None'),
        ('monitor', {'subject': 'a', 'at': 'nan'}, 'seconds since 1970'),
        ('monitor', {'subject': 'a', 'at': 1760000000000}, 'milliseconds'),
        ('monitor', {'subject': 'a', 'requested_by': 7}, 'requested_by is 7'),
        ('monitor', {'subject': 'a', 'kind': 'host-up'}, "no failure kind 'host-up'"),
        ('m' * 300, {'subject': 'a'}, 'the source of the alarm has 304 characters'),
    ],
)
def test_what_cannot_be_taken(publisher: Any, payload: Any, says: str) -> None:
    with pytest.raises(BadAlarm) as refused:
        check(alarm_of(publisher, payload, MESSAGE, NOW))
    assert says in str(refused.value)


def test_without_an_id_of_the_message() -> None:
    with pytest.raises(BadAlarm, match='key is None'):
        alarm_of('monitor', {'subject': 'a'}, None, NOW)
