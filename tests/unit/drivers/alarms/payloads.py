"""What senders post, in the shapes that they document or that were recorded."""

from __future__ import annotations

from typing import Any

NOW = 1795169500.0


def alert(host: str = 'cmp-01', status: str = 'firing', **more: Any) -> dict[str, Any]:
    """One alert of Alertmanager."""
    return {
        'status': status,
        'labels': {'alertname': 'ComputeDown', 'instance': f'{host}:9100', 'severity': 'critical'},
        'annotations': {'summary': f'{host} is down'},
        'startsAt': '2026-11-20T10:10:26.593869497Z',
        'endsAt': '0001-01-01T00:00:00Z'
        if status == 'firing'
        else '2026-11-20T10:10:36.593869497Z',
        'generatorURL': 'http://prometheus:9090/graph',
        'fingerprint': f'c0de62c8d33f{host[-2:]}e7',
    } | more


def group(*alerts: Any, **more: Any) -> dict[str, Any]:
    """What Alertmanager 0.25 posts for a group."""
    return {
        'receiver': 'recovery',
        'status': 'firing',
        'alerts': list(alerts),
        'groupLabels': {'alertname': 'ComputeDown'},
        'commonLabels': {'alertname': 'ComputeDown', 'severity': 'critical'},
        'commonAnnotations': {},
        'externalURL': 'http://alertmanager:9093',
        'version': '4',
        'groupKey': '{}:{alertname="ComputeDown"}',
        'truncatedAlerts': 0,
    } | more


def grafana(*alerts: Any) -> dict[str, Any]:
    """What Grafana's alerting posts."""
    return group(*alerts, version='1', orgId=1, title='[FIRING:1]', state='alerting', message='')


def aodh(**more: Any) -> dict[str, Any]:
    """A threshold alarm of Aodh."""
    return {
        'alarm_name': 'cmp-01 is silent',
        'alarm_id': '0ca2845e-c142-4d4b-a346-e495553628ce',
        'severity': 'critical',
        'previous': 'ok',
        'current': 'alarm',
        'reason': 'Transition to alarm due to 3 samples outside threshold, most recent: 0.0',
        'reason_data': {'type': 'threshold', 'disposition': 'outside', 'count': 3,
                        'most_recent': 0.0},
    } | more  # fmt: skip


def aodh_event(host: str = 'cmp-01') -> dict[str, Any]:
    """An event alarm of Aodh."""
    event = {
        'message_id': 'a2e1a0f6-6b3b-4b0b-9f9a-2d3cf1c2a001',
        'event_type': 'compute.host.down',
        'generated': '2026-11-20T10:10:26.593869+00:00',
        'traits': [['service', 1, 'monitor'], ['host', 1, host], ['rank', 2, 4]],
    }
    return aodh(reason_data={'type': 'event', 'event': event}, reason='Event hits the query')


ZABBIX = {'event': '8123', 'value': '1', 'host': 'cmp-01', 'text': 'cmp-01 is unreachable'}
ICINGA = {
    'host': 'cmp-01', 'state': 'DOWN', 'type': 'HARD', 'since': '1795169426',
    'output': 'PING CRITICAL - Packet loss = 100%',
}  # fmt: skip
MMONIT = {
    'host': 'cmp-01', 'service': 'Heartbeat', 'event': 'Heartbeat failed',
    'text': 'no report from cmp-01',
}  # fmt: skip
SENSU: dict[str, Any] = {
    'id': '3a5948f3-6ffd-4ea2-a41e-334f4a72ca2f',
    'timestamp': 1795169430,
    'entity': {'entity_class': 'agent', 'metadata': {'name': 'cmp-01', 'namespace': 'default'}},
    'check': {
        'metadata': {'name': 'keepalive', 'namespace': 'default'},
        'status': 2, 'state': 'failing', 'occurrences': 1, 'last_ok': 1795169426,
        'output': 'No keepalive sent from cmp-01 for 124 seconds (>= 120)',
    },
}  # fmt: skip
CONSUL = [
    {'Node': 'cmp-01', 'CheckID': 'serfHealth', 'Name': 'Serf Health Status',
     'Status': 'critical', 'Notes': '', 'Output': 'Agent not live or unreachable',
     'ServiceID': '', 'ServiceName': ''},
    {'Node': 'cmp-02', 'CheckID': 'service:web', 'Name': 'web', 'Status': 'critical',
     'Notes': '', 'Output': 'HTTP 500', 'ServiceID': 'web', 'ServiceName': 'web'},
]  # fmt: skip
REDFISH: dict[str, Any] = {
    '@odata.type': '#Event.v1_4_0.Event',
    'Id': '1',
    'Name': 'Event Array',
    'Context': 'recovery',
    'Events': [
        {'EventType': 'Alert', 'EventId': '4711', 'Severity': 'Critical',
         'EventTimestamp': '2026-11-20T10:10:26Z',
         'MessageId': 'ResourceEvent.1.0.ResourceStatusChangedCritical',
         'MessageArgs': ['/redfish/v1/Systems/1', 'Critical'],
         'OriginOfCondition': {'@odata.id': '/redfish/v1/Systems/1'}},
        {'EventType': 'Alert', 'EventId': '4712', 'MessageId': 'ResourceEvent.1.0.ResourceChanged',
         'EventTimestamp': '2026-11-20T10:10:27Z'},
    ],
}  # fmt: skip


def node(ready: str) -> dict[str, Any]:
    """A watch event of Kubernetes about a node."""
    condition = {
        'type': 'Ready', 'status': ready, 'reason': 'NodeStatusUnknown',
        'lastTransitionTime': '2026-11-20T10:10:26Z', 'message': 'Kubelet stopped posting',
    }  # fmt: skip
    memory = {'type': 'MemoryPressure', 'status': 'Unknown'}
    return {
        'type': 'MODIFIED',
        'object': {
            'kind': 'Node',
            'apiVersion': 'v1',
            'metadata': {'name': 'cmp-01', 'uid': '5d0f2c1e-0d7f-4b1c-9a55-d9a5a6a1f001'},
            'status': {'conditions': [memory, condition]},
        },
    }
