"""What the file of sources may say."""

from __future__ import annotations

import re
from typing import Any

from drivers.inventory.file.credentials import REFERENCE

NAME = re.compile(r'[a-z0-9][a-z0-9._-]{0,62}')  #: of a source: a part of a URL, and of options
IGNORE, CANCEL = 'ignore', 'cancel-unstarted'

_ALIASES = {
    'type': 'object',
    'description': 'a mapping from names that senders use to those of Nova',
    'additionalProperties': {
        'type': 'string',
        'minLength': 1,
        'description': 'the host as Nova spells it',
    },
}
_KEYSTONE = {
    'if': {'type': 'object'},
    'then': {
        'required': ['users'],
        'additionalProperties': False,
        'properties': {
            'users': {
                'type': 'array',
                'minItems': 1,
                'items': {'type': 'string', 'minLength': 1, 'description': 'the id of a user'},
                'description': 'a list of ids of users, and nobody else may post',
            },
        },
    },
    'else': {'enum': [True], 'description': 'its tokens are those of Keystone'},
}
SOURCE: dict[str, Any] = {
    'type': 'object',
    'required': ['driver'],
    'additionalProperties': False,
    'description': 'a mapping with a "driver"',
    'properties': {
        'driver': {'type': 'string', 'minLength': 1},
        'token': {**REFERENCE, 'description': '{file: PATH} or {env: NAME}, never the token'},
        'hmac': {**REFERENCE, 'description': '{file: PATH} or {env: NAME}, never the key'},
        'keystone': _KEYSTONE,
        'kind': {'type': 'string', 'minLength': 1, 'description': 'a failure kind'},
        'resolved': {'enum': [IGNORE, CANCEL]},
        'aliases': _ALIASES,
        'settings': {'type': 'object', 'description': 'a mapping of the settings of its driver'},
    },
}
FILE: dict[str, Any] = {
    'type': 'object',
    'additionalProperties': False,
    'properties': {
        'aliases': _ALIASES,
        'sources': {
            'type': 'object',
            'description': 'a mapping from names to sources',
            'additionalProperties': SOURCE,
        },
    },
}
