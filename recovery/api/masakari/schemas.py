"""What the bodies of Masakari's API may be. Unknown keys are refused everywhere."""

from __future__ import annotations

from typing import Any

from recovery.api.faults import Fault
from recovery.api.masakari.microversion import ENABLED, Version
from recovery.api.masakari.words import FALSE, TRUE
from recovery.operate.segments import METHODS

Schema = dict[str, Any]

NAME: Schema = {'type': 'string', 'minLength': 1, 'maxLength': 255}
TEXT: Schema = {'type': ['string', 'null'], 'maxLength': 16000}
FLAG: Schema = {'enum': [True, *TRUE, False, *FALSE]}
# Python's $ would let a newline pass at the end.
HOST_TYPE: Schema = {
    'type': ['string', 'null'],
    'maxLength': 255,
    'pattern': r'\A[a-zA-Z0-9]*\Z',
}


def segment(version: Version, *, create: bool) -> Schema:
    """Of a segment, inside its key."""
    fields = {
        'name': NAME,
        'recovery_method': {'type': 'string', 'enum': list(METHODS)},
        'service_type': NAME,
        'description': TEXT,
    }
    if version >= ENABLED:
        fields['enabled'] = FLAG
    return _object(fields, ('name', 'recovery_method', 'service_type') if create else ())


def host(*, create: bool) -> Schema:
    """Of a host, inside its key."""
    fields = {
        'name': NAME,
        'type': HOST_TYPE,
        'control_attributes': TEXT,
        'reserved': FLAG,
        'on_maintenance': FLAG,
    }
    return _object(fields, ('name', 'type', 'control_attributes') if create else ())


def refuse_odd_names(fields: Schema) -> None:
    """What a pattern could say, too, but not to a human. Raises Fault (400)."""
    for key in ('name', 'service_type'):
        value = fields.get(key)
        if value is not None and (value != value.strip() or not value.isprintable()):
            raise Fault(
                400,
                f'Invalid input for {key}: {value!r} has to be of printable characters, and '
                'neither begin nor end with a space.',
            )


def _object(fields: Schema, required: tuple[str, ...]) -> Schema:
    return {
        'type': 'object',
        'properties': fields,
        'required': list(required),
        'minProperties': 1,
        'additionalProperties': False,
    }


def _word(*words: str) -> Schema:
    return {'type': 'string', 'enum': list(words)}


_EVENT = _word('STARTED', 'STOPPED')
_LINE: Schema = {'type': 'string', 'minLength': 1, 'maxLength': 255}

#: By the type of the notification.
PAYLOADS: dict[str, Schema] = {
    'COMPUTE_HOST': _object(
        {
            'event': _EVENT,
            'host_status': _word('NORMAL', 'UNKNOWN'),
            'cluster_status': _word('ONLINE', 'OFFLINE'),
        },
        ('event',),
    ),
    'PROCESS': _object({'process_name': _LINE, 'event': _EVENT}, ('process_name', 'event')),
    'VM': _object(
        {
            'instance_uuid': {
                'type': 'string',
                'pattern': r'\A[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\Z',
            },
            'vir_domain_event': _LINE,
            'event': _LINE,
        },
        ('instance_uuid', 'vir_domain_event', 'event'),
    ),
}

NOTIFICATION = _object(
    {
        'type': _word(*PAYLOADS),
        'hostname': {
            'type': 'string',
            'minLength': 1,
            'maxLength': 255,
            'pattern': r'\A[a-zA-Z0-9-._]*\Z',
        },
        'generated_time': {'type': 'string', 'maxLength': 64},
        'payload': {'type': 'object', 'minProperties': 1},
    },
    ('type', 'hostname', 'generated_time', 'payload'),
)
