"""Whatever is sent: alarms that can be stored, or BadPayload, and never anything else."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.alarms.alertmanager import AlertmanagerAlarms, GrafanaAlarms
from drivers.alarms.aodh import AodhAlarms
from drivers.alarms.body import parse
from drivers.alarms.generic import GenericAlarms
from drivers.contracts.alarms import AlarmDriver, BadPayload, Heard, Post
from tests.unit.drivers.alarms import payloads

#: Functions that are strict about types, so that odd values meet them.
STRICT = {
    'each': '@',
    'match': 'contains(a, b) || length(a) > `0`',
    'host': "join('-', [host, labels.host])",
    'key': 'to_string(a)',
    'at': 'max([a, b])',
    'resolved': 'sort_by(a, &b)[0]',
    'evidence': 'merge(@, a)',
}
DRIVERS: dict[str, AlarmDriver] = {
    'alertmanager': AlertmanagerAlarms.build({}),
    'grafana': GrafanaAlarms.build({'kind': 'labels.kind', 'host_regex': '(a|b)+(?P<host>.)?'}),
    'aodh': AodhAlarms.build({'host': 'reason_data.host', 'no_data_is_alarm': True}),
    'generic': GenericAlarms.build({'host': 'host', 'key': 'a', 'at': 'b', 'evidence': '@'}),
    'strict': GenericAlarms.build(STRICT),
}
NAMES = ['alerts', 'status', 'labels', 'host', 'startsAt', 'fingerprint', 'alarm_id', 'current',
         'reason_data', 'event', 'traits', 'a', 'b', 'truncatedAlerts', 'previous',
         'message_id', 'generated', 'kind']  # fmt: skip
WORDS = ['firing', 'resolved', 'alarm', 'ok', 'insufficient data', 'cmp-01', '1795169426', '']
TEXT = st.sampled_from(WORDS) | st.text(st.characters(), max_size=20)
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | TEXT, inner, max_size=6)
    ),
    max_leaves=30,
)
ALERT = st.fixed_dictionaries(
    {},
    optional={
        'status': st.sampled_from(['firing', 'resolved']) | JSON,
        'labels': st.dictionaries(st.sampled_from(['host', 'alertname', 'kind']), LEAF) | JSON,
        'startsAt': TEXT | JSON,
        'fingerprint': TEXT | JSON,
    },
)
MESSAGE = (
    JSON
    | st.fixed_dictionaries({'alerts': st.lists(ALERT, max_size=4), 'truncatedAlerts': JSON})
    | st.builds(
        lambda change: payloads.aodh() | change,
        st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4),
    )
    | st.builds(
        lambda host, data: payloads.aodh_event(host) | {'reason_data': data},
        TEXT,
        st.fixed_dictionaries({'event': st.fixed_dictionaries({'traits': JSON, 'generated': LEAF})})
        | JSON,
    )
)


@pytest.mark.parametrize('name', DRIVERS)
@given(message=MESSAGE, host=st.none() | TEXT)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_sent(name: str, message: Any, host: str | None) -> None:
    query = {} if host is None else {'host': host}
    with contextlib.suppress(BadPayload):
        storable(DRIVERS[name].read(Post('x', message, query, payloads.NOW)))


def storable(heard: Heard) -> None:
    """What goes into the tables, and into the answer, as every database and client takes it."""
    for alarm in heard.alarms:
        assert alarm.subject
        assert len(alarm.subject) <= 255
        assert alarm.subject.isprintable()
        assert alarm.key
        assert len(alarm.key) <= 255
        assert 0 < alarm.at < 1e12
        for text in (alarm.subject, alarm.key, alarm.kind, alarm.raw, json.dumps(alarm.evidence)):
            text.encode()
        assert isinstance(alarm.evidence, dict)
    for one in heard.resolved:
        assert one.subject
        assert one.at > 0
        one.key.encode()
    json.dumps(heard.wrong).encode()
    '; '.join(heard.wrong).encode()


@given(raw=st.binary(max_size=200) | st.builds(lambda v: json.dumps(v).encode(), JSON))
@settings(max_examples=200)
def test_whatever_bytes_are_sent(raw: bytes) -> None:
    with contextlib.suppress(BadPayload):
        parse(raw)
