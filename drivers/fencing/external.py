"""Fencing through a command of the site's own.

It is called as ``COMMAND [ARGUMENT]... VERB``, with one JSON object on stdin, and answers with one
line on stdout, the last one, and exit status 0:

===========  =============================================================
power-state  ``{"power": "on"}`` or ``"off"``; anything else is UNKNOWN
power-off    ``{}``
power-on     ``{}``
identity     ``{"identity": "..."}``, or null
===========  =============================================================

``{"error": KIND, "message": TEXT}``, or one of the exit statuses of ``FAILED``, is a failure. OFF
is never said by an exit status: a shell that stumbles has one, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, NoReturn, Self

from drivers import command
from drivers.contracts import errors
from drivers.contracts.fencing import FencingDriver, PowerState
from drivers.contracts.objection import Objection

POWER = {'on': PowerState.ON, 'off': PowerState.OFF}  # the rest: UNKNOWN
ERRORS = {
    'refused': errors.Refused,
    'access-denied': errors.AccessDenied,
    'not-found': errors.NotFound,
    'unreachable': errors.Unreachable,
}
#: Exit statuses of commands that would rather not write JSON; the rest is "unreachable".
FAILED = {3: 'refused', 4: 'access-denied', 5: 'not-found'}
HIDDEN = '***'
LONGEST = 300  # characters of a reason


class ExternalFencing(FencingDriver):
    """One device behind one command. The command must keep the contract of this class's base.

    Each call is a process of its own with a deadline. Secrets go through stdin only.
    """

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'required': ['command', 'plug'],
        'additionalProperties': False,
        'properties': {
            'command': {
                'type': 'array',
                'minItems': 1,
                'items': {'type': 'string'},
                'place': True,
                'description': 'a list: the path of the command, and arguments; {plug} and '
                '{address} in them are replaced',
            },
            'plug': {
                'type': ['string', 'integer'],
                'description': 'which machine it is to switch: {host}, or its own word for it',
            },
            'address': {'type': 'string', 'minLength': 1},
            'port': {'type': 'integer', 'minimum': 1, 'maximum': 65535},
            'username': {'type': 'string', 'credential': True},
            'password': {'type': 'string', 'minLength': 1, 'secret': True},
            'options': {'type': 'object', 'description': 'a mapping that the command is given'},
            'secrets': {
                'type': 'object',
                'additionalProperties': {'type': 'string', 'minLength': 1},
                'secret': True,
                'description': 'a mapping that the command is given and nobody may see',
            },
        },
    }

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = dict(settings)

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        """A driver from settings that SETTINGS_SCHEMA accepts."""
        return cls(settings)

    @classmethod
    def objections(cls, settings: Mapping[str, Any], *, lab: bool) -> Iterator[Objection]:
        """What is wrong with the command, as far as it can be seen without calling it."""
        path = Path(settings['command'][0])
        if not path.is_absolute():
            yield Objection(f'"command" begins with {path}; say the path from the root')
        elif not path.is_file():
            yield Objection(f'there is no command {path}')
        elif not path.stat().st_mode & 0o111:
            yield Objection(f'{path} cannot be executed: chmod 755 {path}')
        elif path.stat().st_mode & 0o002:
            yield Objection(f'{path} can be changed by everybody: chmod 755 {path}')
        for secret in _secrets(settings):
            if any(secret in word for word in settings['command']):
                yield Objection('"command" holds a secret, which every user of this machine sees')

    def __repr__(self) -> str:
        return f'ExternalFencing({self._settings["command"][0]}, {self._settings["plug"]})'

    def power_state(self, *, timeout: float) -> PowerState:
        power = self._ask('power-state', timeout).get('power')
        return POWER.get(str(power), PowerState.UNKNOWN)

    def power_off(self, *, timeout: float) -> None:
        self._ask('power-off', timeout)

    def power_on(self, *, timeout: float) -> None:
        self._ask('power-on', timeout)

    def identity(self, *, timeout: float) -> str | None:
        identity = self._ask('identity', timeout).get('identity')
        return str(identity) if identity else None

    def _ask(self, verb: str, timeout: float) -> dict[str, Any]:
        if timeout <= 0:
            raise errors.Unreachable('no time left to ask')
        known = {key: value for key, value in self._settings.items() if key != 'command'}
        question = json.dumps({'verb': verb, 'timeout': timeout, **known})
        words = [self._filled(word) for word in self._settings['command']]
        ended = command.run([*words, verb], question + '\n', timeout=timeout)
        answer = _last_object(ended.out)
        if answer is not None and 'error' in answer:
            self._fail(str(answer['error']), str(answer.get('message', 'no reason')))
        if ended.code:
            said = [line.strip() for line in ended.err.splitlines() if line.strip()]
            reason = f'{said[-1] if said else "no reason"} (exit status {ended.code})'
            self._fail(FAILED.get(ended.code, 'unreachable'), reason)
        if answer is None:
            self._fail('unreachable', 'its last line is not a JSON object')
        return answer

    def _filled(self, word: str) -> str:
        for key in ('plug', 'address'):
            word = word.replace(f'{{{key}}}', str(self._settings.get(key, '')))
        return word

    def _fail(self, kind: str, reason: str) -> NoReturn:
        for secret in sorted(_secrets(self._settings), key=len, reverse=True):
            reason = reason.replace(secret, HIDDEN)
        name = Path(self._settings['command'][0]).name
        raise ERRORS.get(kind, errors.Unreachable)(f'{name}: {reason[:LONGEST]}')


def _last_object(text: str) -> dict[str, Any] | None:
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        answer = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _secrets(settings: Mapping[str, Any]) -> list[str]:
    given = [settings.get('password'), *settings.get('secrets', {}).values()]
    return [one for one in given if isinstance(one, str) and one]
