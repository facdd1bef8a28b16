"""Webhooks of Prometheus' Alertmanager (version "4") and of Grafana's alerting (version "1").

Both post groups: ``{"status", "alerts": [{"status", "labels", "annotations", "startsAt", "endsAt",
"fingerprint", ...}], "groupKey", "truncatedAlerts", "version", ...}``. An alert is known by its
fingerprint (of its labels) and its start; the group's key says nothing about one alert. Both send
again after an answer of 5xx, and drop a message for good after 4xx.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from drivers.alarms.generic import MOST
from drivers.alarms.mapping import Words, gather
from drivers.alarms.words import Unusable
from drivers.contracts.alarms import Alarm, AlarmDriver, BadPayload, Heard, Post, Resolved

FIRING, RESOLVED = 'firing', 'resolved'

DEFAULTS = {
    'host': 'labels.host || labels.hostname || labels.nodename || labels.node || labels.instance',
    'resolved': f"status == '{RESOLVED}'",
    'key': "join('@', [fingerprint, startsAt])",
    'at': 'startsAt',
    'evidence': '{labels: labels, annotations: annotations}',
}


class AlertWords(Words):
    """Those of one alert."""

    ONE_FAILURE = True

    def read(self, part: Any, post: Post) -> Alarm | Resolved | None:
        if not isinstance(part, dict) or part.get('status') not in (FIRING, RESOLVED):
            raise Unusable(f'its "status" must be "{FIRING}" or "{RESOLVED}"')
        return super().read(part, post)


class AlertmanagerAlarms(AlarmDriver):
    """One alarm for each alert that fires."""

    #: For alerts that a setting of its own does not choose.
    MATCH: ClassVar[str] = ''

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'additionalProperties': False,
        'properties': {
            name: Words.SCHEMA[name] for name in ('match', 'host', 'host_regex', 'kind', 'evidence')
        },
    }

    def __init__(self, settings: Mapping[str, Any]) -> None:
        default = DEFAULTS | ({'match': self.MATCH} if self.MATCH else {})
        self._words = AlertWords.of(settings, **default)

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        return cls(settings)

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterable[str]:
        return Words.objections(settings)

    def read(self, post: Post) -> Heard:
        payload = post.payload
        alerts = payload.get('alerts') if isinstance(payload, dict) else None
        if not isinstance(alerts, list):
            raise BadPayload(
                'the message has no list "alerts": it is none of an Alertmanager webhook, '
                'version 4, or of Grafana alerting'
            )
        if len(alerts) > MOST:
            raise BadPayload(f'the message has {len(alerts)} alerts; {MOST} are allowed')
        missing = payload.get('truncatedAlerts')
        counted = missing if isinstance(missing, int) and missing > 0 else 0
        return gather([_whole(one) for one in alerts], self._words, post, missing=int(counted))


def _whole(alert: Any) -> Any:
    """With a fingerprint: very old senders have none."""
    if not isinstance(alert, dict) or isinstance(alert.get('fingerprint'), str):
        return alert
    labels = json.dumps(alert.get('labels'), sort_keys=True)
    return alert | {'fingerprint': hashlib.sha256(labels.encode()).hexdigest()[:16]}


class GrafanaAlarms(AlertmanagerAlarms):
    """The same, without what Grafana raises about itself: when its data source does not answer it
    fires one alert for each rule, and no host has failed."""

    MATCH: ClassVar[str] = (
        "labels.alertname != 'DatasourceError' && labels.alertname != 'DatasourceNoData'"
    )
