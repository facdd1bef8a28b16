"""What an inventory may say, and a sentence for each thing that it may not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from drivers.inventory.file.source import Trail

_SECONDS = {'type': 'number', 'exclusiveMinimum': 0}

#: What every device may say, whatever drives it. All else is for its driver.
DEVICE: dict[str, Any] = {
    'name': {
        'type': 'string',
        'minLength': 1,
        'description': 'unique within the host; the driver when left out',
    },
    'driver': {'type': 'string'},
    'off_timeout': {
        **_SECONDS,
        'maximum': 600,
        'description': 'seconds from the first request until it must read OFF',
    },
    'request_timeout': {
        **_SECONDS,
        'maximum': 120,
        'description': 'seconds for one question or request',
    },
}

_LEVELS = {
    'type': 'array',
    'minItems': 1,
    'maxItems': 9,
    'description': 'a list of levels, tried in this order',
    'items': {
        'type': 'array',
        'minItems': 1,
        'description': 'a list of devices, which must all read OFF',
        'items': {
            'type': 'object',
            'required': ['driver'],
            'properties': DEVICE,
            'description': 'a mapping with a "driver"',
        },
    },
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
            'additionalProperties': _LEVELS,
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
                },
            },
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
        return f'{_names(unknown)} is not known here; known are {_names(known)}'
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
