"""The sample mappings of the configuration, each with what its sender posts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from drivers.alarms.generic import GenericAlarms
from drivers.contracts.alarms import BadPayload, Heard, Post
from tests.unit.drivers.alarms import payloads

TOP = Path(__file__).resolve().parents[4]
SAMPLE = yaml.safe_load((TOP / 'etc/recovery/sources.yaml.sample').read_text())['sources']
AT = 1795169426.0


def read(source: str, payload: Any, **query: str) -> Heard:
    driver = GenericAlarms.build(SAMPLE[source]['settings'])
    return driver.read(Post(source, payload, query, payloads.NOW))


@pytest.mark.parametrize(
    ('source', 'payload', 'key', 'at'),
    [
        ('zabbix', payloads.ZABBIX, '8123', payloads.NOW),
        ('icinga', payloads.ICINGA, 'cmp-01@1795169426', AT),
        ('mmonit', payloads.MMONIT, 'cmp-01@1795169500.000', payloads.NOW),
        ('sensu', payloads.SENSU, 'cmp-01@1795169426', AT),
        ('consul', payloads.CONSUL, 'cmp-01@1795169500.000', payloads.NOW),
        (
            'kubernetes',
            payloads.node('Unknown'),
            '5d0f2c1e-0d7f-4b1c-9a55-d9a5a6a1f001@2026-11-20T10:10:26Z',
            AT,
        ),
    ],
)
def test_each_sender_becomes_one_alarm(source: str, payload: Any, key: str, at: float) -> None:
    heard = read(source, payload)
    (alarm,) = heard.alarms
    assert (alarm.source, alarm.kind, alarm.subject) == (source, 'host-down', 'cmp-01')
    assert alarm.key == key
    assert alarm.at == pytest.approx(at)
    assert alarm.evidence
    assert not heard.resolved
    assert not heard.wrong
    part = payload[0] if isinstance(payload, list) else payload
    assert json.loads(alarm.raw) == part


def test_redfish_takes_the_host_from_the_url() -> None:
    heard = read('redfish', payloads.REDFISH, host='cmp-01')
    (alarm,) = heard.alarms
    assert (alarm.subject, alarm.at) == ('cmp-01', AT)
    assert alarm.key.startswith('4711 ResourceEvent.1.0.ResourceStatusChangedCritical@')
    assert heard.passed == 1


def test_without_any_host_nothing_is_guessed() -> None:
    with pytest.raises(BadPayload, match='names no host'):
        read('redfish', {'Events': payloads.REDFISH['Events'][:1]})


@pytest.mark.parametrize(
    ('source', 'payload', 'key'),
    [
        ('zabbix', payloads.ZABBIX | {'value': '0'}, '8123'),
        ('icinga', payloads.ICINGA | {'state': 'UP'}, 'cmp-01'),
        ('kubernetes', payloads.node('True'), '5d0f2c1e-0d7f-4b1c-9a55-d9a5a6a1f001'),
        ('sensu', payloads.SENSU | {'check': payloads.SENSU['check'] | {'status': 0}}, 'cmp-01'),
    ],
)
def test_what_is_over_is_no_alarm(source: str, payload: Any, key: str) -> None:
    heard = read(source, payload)
    assert [(one.subject, one.key) for one in heard.resolved] == [('cmp-01', key)]
    assert not heard.alarms


@pytest.mark.parametrize(
    ('source', 'payload'),
    [
        ('icinga', payloads.ICINGA | {'type': 'SOFT'}),
        ('kubernetes', payloads.node('False')),
        ('consul', payloads.CONSUL[1:]),
        ('mmonit', payloads.MMONIT | {'event': 'Checksum failed'}),
    ],
)
def test_what_does_not_match_is_no_alarm(source: str, payload: Any) -> None:
    heard = read(source, payload)
    assert (heard.alarms, heard.resolved, heard.passed) == ((), (), 1)


def test_two_failures_of_one_host_are_two_alarms() -> None:
    first = read('icinga', payloads.ICINGA).alarms[0]
    again = read('icinga', payloads.ICINGA).alarms[0]
    later = read('icinga', payloads.ICINGA | {'since': '1795270000'}).alarms[0]
    assert first.key == again.key != later.key


def test_a_bad_part_keeps_no_other_one_back() -> None:
    """One entry names no host; the one beside it is taken."""
    heard = read('consul', [payloads.CONSUL[0] | {'Node': None}, payloads.CONSUL[0]])
    assert [alarm.subject for alarm in heard.alarms] == ['cmp-01']
    assert heard.wrong == ('alarm 1: it names no host',)


def test_a_time_that_cannot_be_read_loses_no_alarm() -> None:
    (alarm,) = read('icinga', payloads.ICINGA | {'since': 'yesterday'}).alarms
    assert alarm.at == payloads.NOW
    assert alarm.evidence['time as sent'] == 'yesterday'


@pytest.mark.parametrize(
    ('regex', 'host', 'expected'),
    [
        (r'^node-(?P<host>[^.]+)\.', 'node-cmp-01.example.com', 'cmp-01'),
        (r'host=(\S+)', 'cpu load host=cmp-01 rack=2', 'cmp-01'),
        (r'cmp-\d+', 'the server cmp-01', 'cmp-01'),
    ],
)
def test_the_host_within_a_text(regex: str, host: str, expected: str) -> None:
    driver = GenericAlarms.build({'host': 'name', 'host_regex': regex})
    (alarm,) = driver.read(Post('x', {'name': host}, {}, payloads.NOW)).alarms
    assert alarm.subject == expected


def test_a_host_that_does_not_fit_is_refused() -> None:
    driver = GenericAlarms.build({'host': 'name', 'host_regex': r'cmp-\d+'})
    with pytest.raises(BadPayload, match="'db-01' does not fit"):
        driver.read(Post('x', {'name': 'db-01'}, {}, payloads.NOW))


@pytest.mark.parametrize(
    ('settings', 'sentence'),
    [
        ({'host': 'labels..host'}, '"host": .* is no JMESPath'),
        ({'match': 'starts_wiht(host, `c`)'}, 'there is no function starts_wiht'),
        ({'each': 'alerts['}, '"each": .* is no JMESPath'),
        ({'host': 'h', 'host_regex': '(cmp'}, '"host_regex" is no regular expression'),
    ],
)
def test_mistakes_in_settings_are_sentences(settings: dict[str, str], sentence: str) -> None:
    import re

    (said,) = GenericAlarms.objections(settings)
    assert re.search(sentence, said), said
