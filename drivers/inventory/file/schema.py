"""What an inventory may say, and a sentence for each thing that it may not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from drivers.inventory.file.source import Trail

_SECONDS = {'type': 'number', 'exclusiveMinimum': 0}
_WAIT = {'type': 'number', 'minimum': 0, 'maximum': 300}
_NAME = {'type': 'string', 'minLength': 1}

#: What a device or a host may be said to depend on.
SHARES: dict[str, Any] = {
    'feeds': {
        'type': 'array',
        'items': {**_NAME, 'description': 'the name of a power feed'},
        'description': 'a list of power feeds, any one of which keeps it alive',
    },
    'network': {**_NAME, 'description': 'the name of the network that it answers on'},
}

#: What every device may say, whatever drives it. All else is for its driver.
DEVICE: dict[str, Any] = {
    'name': {
        'type': 'string',
        'minLength': 1,
        'description': 'unique within the host; the driver when left out',
    },
    'driver': {'type': 'string'},
    'delay': {
        **_WAIT,
        'description': 'seconds before it is asked for the first time',
    },
    'off_timeout': {
        **_SECONDS,
        'maximum': 600,
        'description': 'seconds from the first request until it must read OFF',
    },
    'attempts': {
        'type': 'integer',
        'minimum': 1,
        'maximum': 10,
        'description': 'requests to cut the power within off_timeout',
    },
    'off_wait': {
        **_WAIT,
        'description': 'seconds for which it must go on reading OFF before it counts',
    },
    'request_timeout': {
        **_SECONDS,
        'maximum': 120,
        'description': 'seconds for one question or request',
    },
    'power_on': {
        'enum': ['auto', 'never'],
        'description': 'whether we may switch the host on through it',
    },
    **SHARES,
}

_DEVICES = {
    'type': 'array',
    'minItems': 1,
    'description': 'a list of devices, which must all read OFF',
    'items': {
        'type': 'object',
        'required': ['driver'],
        'properties': DEVICE,
        'description': 'a mapping with a "driver"',
    },
}
_LEVEL_LIST = {
    'type': 'array',
    'minItems': 1,
    'maxItems': 9,
    'description': 'a list of levels, tried in this order',
    'items': _DEVICES,
}
_LEVELS = {
    'if': {'type': 'object'},
    'then': {
        'minProperties': 1,
        'description': 'a mapping from numbers to levels',
        'properties': {str(number): _DEVICES for number in range(1, 10)},
        'additionalProperties': False,
        'unknown': 'is no level: levels have the numbers 1 to 9',
    },
    'else': _LEVEL_LIST,
}

FILE: dict[str, Any] = {
    'type': 'object',
    'additionalProperties': False,
    'properties': {
        'defaults': {
            'type': 'object',
            'description': 'a mapping from drivers to their settings',
            'additionalProperties': {'type': 'object', 'description': 'a mapping of settings'},
        },
        'hosts': {
            'type': 'object',
            'description': 'a mapping from host names to levels',
            'additionalProperties': {
                'if': {'type': 'object'},
                'then': {
                    'required': ['levels'],
                    'additionalProperties': False,
                    'properties': {'levels': _LEVELS, **SHARES},
                },
                'else': _LEVEL_LIST,
            },
        },
        'patterns': {
            'type': 'array',
            'description': 'a list of patterns',
            'items': {
                'type': 'object',
                'required': ['match', 'levels'],
                'additionalProperties': False,
                'properties': {
                    'match': {
                        'type': 'string',
                        'minLength': 1,
                        'description': 'a host name with * or ?',
                    },
                    'levels': _LEVELS,
                    **SHARES,
                },
            },
        },
        'every_host': {
            'type': 'object',
            'description': 'what hosts depend on that do not say otherwise',
            'additionalProperties': False,
            'properties': SHARES,
        },
        'management_network': {
            **_NAME,
            'description': 'the name of the network over which Nova and this service are reached',
        },
    },
}


def violations(schema: Mapping[str, Any], value: Any) -> Iterator[tuple[Trail, str]]:
    """Each thing wrong with a value: where in it, and a sentence.

    The sentences quote keys and never values: any value may be a password in the wrong place.
    """
    errors = Draft202012Validator(schema).iter_errors(value)
    for error in sorted(errors, key=lambda error: [str(part) for part in error.absolute_path]):
        yield tuple(error.absolute_path), _sentence(error)


def _sentence(error: ValidationError) -> str:
    part: Any = error.schema
    limit: Any = error.validator_value
    value: Any = error.instance
    if error.validator == 'required':
        missing = [key for key in limit if key not in value]
        return f'{_names(missing)} is missing'
    if error.validator == 'additionalProperties':
        known = part.get('properties', {})
        unknown = [key for key in value if key not in known]
        why = part.get('unknown') or f'is not known here; known are {_names(known)}'
        return f'{_names(unknown)} {why}'
    what = f'"{error.absolute_path[-1]}"' if error.absolute_path else 'the file'
    described = part.get('description')
    hint = f': {described}' if described else ''
    return f'{what} {_wanted(error.validator, limit)}{hint}'


def _wanted(rule: Any, limit: Any) -> str:
    match rule:
        case 'type':
            return f'must be of type {limit if isinstance(limit, str) else " or ".join(limit)}'
        case 'enum':
            return f'must be one of {_names(limit)}'
        case 'minItems' | 'minLength' | 'minProperties':
            return 'must not be empty'
        case 'maxItems' | 'maxProperties':
            return f'must have at most {limit} entries'
        case 'maxLength':
            return f'must have at most {limit} characters'
        case 'minimum':
            return f'must be at least {limit}'
        case 'maximum':
            return f'must be at most {limit}'
        case 'exclusiveMinimum':
            return f'must be more than {limit}'
    return 'is not written as it must be'


def _names(keys: Any) -> str:
    return ', '.join(f'"{key}"' for key in keys)
