"""Alertmanager and Grafana: one alarm per alert, known by its fingerprint and its start."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.alarms.alertmanager import AlertmanagerAlarms, GrafanaAlarms
from drivers.contracts.alarms import BadPayload, Heard, Post
from tests.unit.drivers.alarms import payloads


def read(payload: Any, **settings: Any) -> Heard:
    driver = AlertmanagerAlarms.build(settings)
    return driver.read(Post('am', payload, {}, payloads.NOW))


def test_a_firing_alert_is_an_alarm() -> None:
    heard = read(payloads.group(payloads.alert()))
    (alarm,) = heard.alarms
    assert alarm.key == 'c0de62c8d33f01e7@2026-11-20T10:10:26.593869497Z'
    assert (alarm.kind, alarm.subject) == ('host-down', 'cmp-01:9100')
    assert alarm.at == pytest.approx(1795169426.593869)
    assert alarm.evidence['annotations'] == {'summary': 'cmp-01 is down'}


def test_a_group_is_as_many_alarms_as_it_has_alerts() -> None:
    heard = read(payloads.group(*(payloads.alert(f'cmp-{number:02}') for number in range(1, 6))))
    assert len({alarm.key for alarm in heard.alarms}) == 5


def test_resolved_has_the_key_of_its_alarm_and_is_none() -> None:
    fired = read(payloads.group(payloads.alert())).alarms[0]
    heard = read(payloads.group(payloads.alert(status='resolved'), status='resolved'))
    assert not heard.alarms
    assert [one.key for one in heard.resolved] == [fired.key]


def test_a_mixed_group_is_told_apart() -> None:
    heard = read(payloads.group(payloads.alert('cmp-01', 'resolved'), payloads.alert('cmp-02')))
    assert [one.subject for one in heard.alarms] == ['cmp-02:9100']
    assert [one.subject for one in heard.resolved] == ['cmp-01:9100']


def test_firing_again_later_is_another_alarm() -> None:
    first = read(payloads.group(payloads.alert())).alarms[0]
    later = read(payloads.group(payloads.alert(startsAt='2026-12-01T00:00:00Z'))).alarms[0]
    assert first.key != later.key


def test_truncated_alerts_are_counted() -> None:
    assert read(payloads.group(payloads.alert(), truncatedAlerts=7)).missing == 7
    assert read(payloads.group(payloads.alert(), truncatedAlerts='many')).missing == 0


@pytest.mark.parametrize('label', ['host', 'hostname', 'nodename', 'node', 'instance'])
def test_the_host_is_in_one_of_the_usual_labels(label: str) -> None:
    (alarm,) = read(payloads.group(payloads.alert(labels={label: 'cmp-09'}))).alarms
    assert alarm.subject == 'cmp-09'


def test_settings_choose_alerts_hosts_and_kinds() -> None:
    settings = {
        'match': "labels.alertname == 'AgentDown'",
        'host': 'labels.target',
        'kind': "labels.service && 'service-down' || 'host-down'",
    }
    labels = {'alertname': 'AgentDown', 'target': 'cmp-07', 'service': 'nova-compute'}
    heard = read(payloads.group(payloads.alert(), payloads.alert(labels=labels)), **settings)
    assert [(one.subject, one.kind) for one in heard.alarms] == [('cmp-07', 'service-down')]
    assert heard.passed == 1


@pytest.mark.parametrize(
    'part',
    [
        {'status': 'pending'},
        {'labels': {'alertname': 'x'}},
        {'startsAt': None},
        {'labels': {'host': ['a']}},
        {'labels': {'host': 'a\x00b'}},
        {'labels': {'host': 'a' * 300}},
    ],
)
def test_one_bad_alert_of_two_is_said_and_the_good_one_taken(part: dict[str, Any]) -> None:
    heard = read(payloads.group(payloads.alert(**part), payloads.alert('cmp-02')))
    assert [one.subject for one in heard.alarms] == ['cmp-02:9100']
    (wrong,) = heard.wrong
    assert wrong.startswith('alarm 1: ')


@pytest.mark.parametrize('payload', [None, [], {}, {'alerts': {}}, {'alerts': [1]}, 'text'])
def test_another_message_is_refused(payload: Any) -> None:
    with pytest.raises(BadPayload):
        read(payload)


def test_an_alert_without_fingerprint_is_known_by_its_labels() -> None:
    old = {key: value for key, value in payloads.alert().items() if key != 'fingerprint'}
    first, again = read(payloads.group(old)).alarms[0], read(payloads.group(old)).alarms[0]
    other = old | {'labels': {'instance': 'cmp-02'}}
    assert first.key == again.key != read(payloads.group(other)).alarms[0].key


def test_grafana_is_read_without_what_it_says_of_its_data_sources() -> None:
    lost = payloads.alert(labels={'alertname': 'DatasourceError', 'host': 'cmp-01'})
    none = payloads.alert(labels={'alertname': 'DatasourceNoData', 'host': 'cmp-01'})
    driver = GrafanaAlarms.build({})
    heard = driver.read(Post('g', payloads.grafana(lost, none, payloads.alert()), {}, payloads.NOW))
    assert [one.subject for one in heard.alarms] == ['cmp-01:9100']
    assert heard.passed == 2
