"""Alarm actions of Aodh: ``http(s)://`` and ``trust+http(s)://``, which adds X-Auth-Token.

It posts ``{"alarm_name", "alarm_id", "severity", "previous", "current", "reason",
"reason_data"}``; ``current`` is ``ok``, ``alarm`` or ``insufficient data``. By default it posts
once and only logs the answer, so an alarm that meets a service that is down is lost, unless the
alarm has ``repeat_actions``: then ``previous`` equals ``current`` in each repeat.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from drivers.alarms import words
from drivers.alarms.mapping import PATHS, Words
from drivers.alarms.times import moment
from drivers.alarms.words import Unusable
from drivers.contracts.alarms import Alarm, AlarmDriver, BadPayload, Heard, Post, Resolved

OK, ALARM, NO_DATA = 'ok', 'alarm', 'insufficient data'
TRAITS = ('host', 'hostname', 'compute_host', 'source_host')
#: A repeat names no beginning. Those of one hour are one alarm: were they one for ever, a second
#: failure whose first message was lost would never be heard of.
REPEAT_SECONDS = 3600


class AodhAlarms(AlarmDriver):
    """The host is the argument ``host`` of the URL; or a trait of the event; or where ``host`` of
    the settings finds it."""

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'additionalProperties': False,
        'properties': {
            'host': PATHS['host'],
            'host_regex': Words.SCHEMA['host_regex'],
            'traits': {
                'type': 'array',
                'minItems': 1,
                'maxItems': 20,
                'items': {'type': 'string', 'minLength': 1, 'description': 'the name of a trait'},
                'description': 'traits of an event that name the host, the first one there counts',
            },
            'no_data_is_alarm': {
                'type': 'boolean',
                'description': f'whether "{NO_DATA}" is an alarm, too',
            },
        },
    }

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._traits = tuple(settings.get('traits', TRAITS))
        self._alarming = {ALARM} | ({NO_DATA} if settings.get('no_data_is_alarm') else set())
        paths = {name: settings[name] for name in ('host', 'host_regex') if name in settings}
        self._words = Words(paths)
        self._path = settings.get('host')

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        return cls(settings)

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterable[str]:
        return Words.objections(settings)

    def read(self, post: Post) -> Heard:
        payload = post.payload
        if not isinstance(payload, dict) or not _texts(payload, 'alarm_id', 'current'):
            raise BadPayload('the message has no "alarm_id" and "current": it is none of Aodh')
        current = payload['current']
        if current not in (OK, ALARM, NO_DATA):
            raise BadPayload(f'"current" must be "{OK}", "{ALARM}" or "{NO_DATA}"')
        if current != OK and current not in self._alarming:
            return Heard(passed=1)
        try:
            subject = self._subject(post)
        except (Unusable, ValueError) as error:
            raise BadPayload(words.clean(f'{error}: give ?host=NAME in the URL, or traits')) from (
                error
            )
        if current == OK:  # it does not say since when it was not
            return Heard(resolved=(Resolved(post.source, '', post.kind, subject, post.arrived_at),))
        return Heard(alarms=(self._alarm(post, subject),))

    def _alarm(self, post: Post, subject: str) -> Alarm:
        payload, event = post.payload, _event(post.payload)
        message = event.get('message_id')
        at = moment(event.get('generated'))
        if isinstance(message, str) and message:
            key = words.key(payload['alarm_id'], message)
        elif payload.get('previous') == payload['current']:
            hour = int(post.arrived_at // REPEAT_SECONDS)
            key = words.key(payload['alarm_id'], subject, f'hour {hour}')
        else:
            key = words.key(payload['alarm_id'], subject, f'{post.arrived_at:.3f}')
        evidence = {
            name: words.small(payload[name])
            for name in ('alarm_name', 'severity', 'current', 'previous', 'reason')
            if name in payload
        }
        when = post.arrived_at if at is None else at
        return Alarm(post.source, key, post.kind, subject, when, evidence, words.as_sent(payload))

    def _subject(self, post: Post) -> str:
        named = post.query.get('host', '').strip()
        if not named:
            found = dict(_traits(_event(post.payload)))
            named = next((found[one] for one in self._traits if found.get(one)), '')
        if not named and self._path:
            named = self._words.text('host', post.payload)
        return self._words.subject(named)


def _texts(payload: Mapping[str, Any], *names: str) -> bool:
    return all(isinstance(payload.get(name), str) and payload[name] for name in names)


def _event(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    data = payload.get('reason_data')
    event = data.get('event') if isinstance(data, dict) else None
    return event if isinstance(event, dict) else {}


def _traits(event: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Each trait is ``[name, type, value]``."""
    traits = event.get('traits')
    for one in traits if isinstance(traits, list) else ():
        match one:
            case [str(name), _, str(value)]:
                yield name, value.strip()
