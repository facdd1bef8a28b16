"""An alarm as a notification of the type ``recovery.alarm`` carries it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from drivers.contracts.alarms import Alarm
from recovery.intake.receive import BadAlarm
from recovery.view.times import at

EVENT_TYPE = 'recovery.alarm'
PREFIX = 'bus:'  #: nobody on the bus may pass for the source of a webhook or for a human
LONGEST = 255 - len(PREFIX)  #: of the name that stands behind it


def alarm_of(publisher: Any, payload: Any, metadata: Any, now: float) -> Alarm:
    """The alarm of a notification; ``payload`` has the fields of an alarm.

    ``subject`` must be there. ``kind`` is host-down where it is missing, ``key`` the ID of the
    message, ``at`` the time of arrival. Fields that are not known are passed over, so that a newer
    sender is understood.

    :raises BadAlarm: a field is not of the type that it must be.
    """
    if not isinstance(payload, Mapping):
        raise BadAlarm(f'the payload is no object but {type(payload).__name__}: give subject, kind')
    message = metadata.get('message_id') if isinstance(metadata, Mapping) else None
    said = payload.get('requested_by') or publisher
    return Alarm(
        source=f'{PREFIX}{_text("publisher_id", publisher)}',
        key=_text('key', payload.get('key') or message),
        kind=_text('kind', payload.get('kind', 'host-down')),
        subject=_text('subject', payload.get('subject')),
        at=now if payload.get('at') is None else _time(payload['at']),
        evidence=_object(payload.get('evidence')),
        raw=json.dumps(payload, default=str),
        requested_by=PREFIX + _text('requested_by', said)[:LONGEST],
    )


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadAlarm(f'{name} is {value!r:.60}: give a non-empty text')
    return value


def _time(value: Any) -> float:
    try:
        return at(str(value))
    except ValueError as error:
        raise BadAlarm(f'at: {error}') from error


def _object(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadAlarm(f'evidence is {type(value).__name__}: give an object, or leave it out')
    return dict(value)
