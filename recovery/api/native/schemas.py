"""The words of the OpenAPI document: what is taken, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recovery.db import states
from recovery.policy import order
from recovery.view.documents.recoveries import SORTS

Schema = Mapping[str, Any]
PAGE = 100  #: rows of a list, unless the caller asks for another number

#: Without U+0000, which no database takes.
CLEAN = r'^[^\u0000]*$'
WORD: Schema = {
    'type': 'string',
    'minLength': 1,
    'maxLength': 255,
    'pattern': r'^[^\u0000]*[^\s\u0000][^\u0000]*$',
}
HOST: Schema = {
    'type': 'string',
    'minLength': 1,
    'maxLength': 255,
    'pattern': '^[A-Za-z0-9_][A-Za-z0-9_.:-]*$',
    'description': 'a host as Nova spells it: letters, digits and _ . : -',
}
ID: Schema = {
    'type': 'string',
    'pattern': '^[0-9a-f-]{1,36}$',
    'description': 'an id, or the beginning of it that no other has',
}
MARKER: Schema = {
    'type': 'string',
    'minLength': 1,
    'maxLength': 255,
    'pattern': CLEAN,
    'description': 'what the page before says as "next"',
}
NUMBER: Schema = {**MARKER, 'pattern': '^[0-9]{1,9}$'}
LIMIT: Schema = {'type': 'integer', 'minimum': 1, 'maximum': 1000, 'default': PAGE}
# [0-9], for Python's \d is of every script. What ends with $ ends there: see recovery.api.body.
_CLOCK = r'[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-][01][0-9]:[0-5][0-9])'
_DAY = rf'-[01][0-9]-[0-3][0-9]T{_CLOCK}$'
TIME: Schema = {
    'type': 'string',
    'format': 'date-time',
    'maxLength': 40,
    'pattern': rf'^(19[789][0-9]|2[0-9][0-9][0-9]){_DAY}',
    'description': 'a time as ISO 8601 has it, with a zone: 2031-05-17T03:10:22Z',
}
#: When something failed: the intake takes nothing of the next century for a time.
HAPPENED: Schema = {**TIME, 'pattern': rf'^(19[789][0-9]|20[0-8][0-9]|209[0-8]){_DAY}'}
SINCE: Schema = {
    'anyOf': [TIME, {'type': 'string', 'pattern': '^[0-9]{1,8}[smhd]?$'}],
    'description': 'a time with a zone, 2031-05-17T03:10:22Z, or how long ago: 90, 15m, 2h, 7d',
}
FLAG: Schema = {'type': 'boolean', 'default': False}
REASON: Schema = {'type': 'string', 'maxLength': 4000, 'pattern': CLEAN}
WHY: Schema = {
    'type': 'string',
    'maxLength': 4000,
    'minLength': 1,
    'pattern': r'^[^\u0000]*[^\s\u0000][^\u0000]*$',
    'description': 'a reason, in words',
}
#: What a gate held for, as it is in "holding": an approval passes that, and nothing worse.
FINDING: Schema = {
    'anyOf': [
        {**WORD, 'description': 'a gate whose record says no finding'},
        {
            'type': 'object',
            'properties': {
                'gate': WORD,
                'kind': WORD,
                'extent': {
                    'type': 'object',
                    'maxProperties': 10000,
                    'additionalProperties': {'type': 'number'},
                },
            },
            'required': ['gate', 'kind'],
            'additionalProperties': False,
        },
    ]
}
KIND: Schema = {'type': 'string', 'enum': sorted(order.ORDER)}
STAGE: Schema = {'type': 'string', 'enum': [str(one) for one in order.Stage]}
STATE: Schema = {'type': 'string', 'enum': list(states.MEANINGS)}
ITEM_STATE: Schema = {'type': 'string', 'enum': list(states.ITEM)}
SORT: Schema = {'type': 'string', 'enum': list(SORTS)}


def small(levels: int) -> Schema:
    """An object of any JSON that a database takes, so many levels deep."""
    value: list[Schema] = [
        {'type': ['null', 'boolean', 'number'], 'minimum': -(2**62), 'maximum': 2**62},
        {'type': 'string', 'maxLength': 4000, 'pattern': CLEAN},
    ]
    if levels > 1:
        inside = small(levels - 1)
        value += [inside, {'type': 'array', 'items': inside['additionalProperties']}]
    return {
        'type': 'object',
        'maxProperties': 100,
        'propertyNames': {'maxLength': 255, 'pattern': CLEAN},
        'additionalProperties': {'anyOf': value},
    }


def many(schema: Schema) -> Schema:
    """A parameter that may be given several times."""
    return {'type': 'array', 'items': schema, 'maxItems': 20}


def taken(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """An object that comes in: nothing else may be in it."""
    return {
        'type': 'object',
        'properties': properties,
        'required': list(required),
        'additionalProperties': False,
    }


def action(name: str, required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """An order, by its action."""
    wanted = {'action': {'const': name}, 'reason': REASON} | properties
    return taken(('action', *required), **wanted)


def given(**properties: Schema) -> Schema:
    """An object that goes out: all of it is always there."""
    return {'type': 'object', 'properties': properties, 'required': list(properties)}


def maybe(schema: Schema) -> Schema:
    """Or null."""
    return {'anyOf': [schema, {'type': 'null'}]}


def listed(name: str, schema: Schema) -> Schema:
    """A page."""
    return given(**{name: {'type': 'array', 'items': schema}, 'next': maybe(TEXT)})


def ref(name: str) -> Schema:
    """One of the components."""
    return {'$ref': f'#/components/schemas/{name}'}


TEXT: Schema = {'type': 'string'}
WHOLE: Schema = {'type': 'integer'}
BOOL: Schema = {'type': 'boolean'}
WHEN: Schema = {'type': 'string', 'format': 'date-time'}
OBJECT: Schema = {'type': 'object'}
TEXTS: Schema = {'type': 'array', 'items': TEXT}
COUNTS: Schema = {'type': 'object', 'additionalProperties': {'type': 'integer', 'minimum': 0}}
