"""Fencing through any of ClusterLabs' fence agents that cuts power."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

from drivers import command
from drivers.clock import SystemClock
from drivers.contracts.errors import NotFound, Refused, Unreachable
from drivers.contracts.fencing import FencingDriver, PowerState
from drivers.contracts.objection import Objection
from drivers.fencing.agent import metadata, rules, speech, wording
from drivers.fencing.agent.classes import Kind, class_of

#: Exit status, and the word that goes with it. Each alone is not believed: a shell that stumbles
#: over its script ends with 2 as well. The rest: UNKNOWN, or no answer.
POWER = {(0, 'ON'): PowerState.ON, (2, 'OFF'): PowerState.OFF}
STATUS = re.compile(r'^Status: (ON|OFF)\s*$', re.MULTILINE)
#: It sent the request and the power did not change while it looked: only a reading tells.
ACCEPTED = re.compile(r'Timed out waiting to power (ON|OFF)')
_TEXT: Mapping[str, Any] = {'type': ['string', 'integer', 'number', 'boolean']}


class AgentFencing(FencingDriver):
    """One outlet or controller behind one agent: FenceAgentAPI, with everything on stdin.

    Each call is a process of its own with a deadline. An agent's success is never a proof: only
    its ``status`` is read. Agents say the same for a refusal, a wrong password and silence, so
    all of it is Unreachable. They do not pass on a request for what reads so already, and they
    know no identity.
    """

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'required': ['agent'],
        'additionalProperties': False,
        'properties': {
            'agent': {
                'type': 'string',
                'pattern': r'^(/[^\s]*/)?fence_[A-Za-z0-9_]+$',
                'place': True,
                'description': 'the name of an agent, such as fence_apc, or its path',
            },
            'address': {
                'type': 'string',
                'pattern': r'^[A-Za-z0-9._:{}\[\]][A-Za-z0-9._:{}\[\]-]*$',
                'description': 'the host name or IP address of the device, without a port',
            },
            'port': {'type': 'integer', 'minimum': 1, 'maximum': 65535},
            'plug': {
                'type': ['string', 'integer'],
                'description': 'the outlet, blade or system; for fence_redfish its path',
            },
            'username': {'type': 'string', 'credential': True},
            'password': {'type': 'string', 'minLength': 1, 'secret': True},
            'options': {
                'type': 'object',
                'additionalProperties': _TEXT,
                'description': 'a mapping of options of the agent',
            },
            'secrets': {
                'type': 'object',
                'additionalProperties': {'type': 'string', 'minLength': 1},
                'secret': True,
                'description': 'a mapping of options of the agent that nobody may see',
            },
            'class': {'enum': ['power']},
            'reason': {'type': 'string', 'minLength': 1},
            'secrets_in_argv': {'enum': ['accepted']},
        },
    }

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = dict(settings)
        self._name = wording.name_of(settings)

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        """A driver from settings that SETTINGS_SCHEMA accepts."""
        return cls(settings)

    @classmethod
    def objections(cls, settings: Mapping[str, Any], *, lab: bool) -> Iterator[Objection]:
        """What is wrong with settings that SETTINGS_SCHEMA accepts."""
        return rules.objections(settings, lab=lab)

    def __repr__(self) -> str:
        shown = [str(self._settings[key]) for key in ('address', 'plug') if key in self._settings]
        return f'AgentFencing({", ".join([self._name, *shown])})'

    def power_state(self, *, timeout: float) -> PowerState:
        until = SystemClock().elapsed() + timeout
        ended = self._run('status', timeout)
        said = STATUS.findall(ended.out)
        if ended.code not in (0, 2):
            raise Unreachable(f'{self._name}: {self._complaint(ended)}')
        if len(said) != 1:
            raise Unreachable(f'{self._name} said no power state: {self._complaint(ended)}')
        state = POWER.get((ended.code, said[0]), PowerState.UNKNOWN)
        if state is PowerState.OFF and class_of(self._name).kind is Kind.GUESS:
            self._exists(until - SystemClock().elapsed())
        return state

    def power_off(self, *, timeout: float) -> None:
        self._switch('off', timeout)

    def power_on(self, *, timeout: float) -> None:
        self._switch('on', timeout)

    def identity(self, *, timeout: float) -> str | None:
        """Agents cannot tell. A swapped address is only found by what reads the wrong power."""
        return None

    def _switch(self, action: str, timeout: float) -> None:
        ended = self._run(action, timeout)
        if ended.code and not ACCEPTED.search(ended.err):
            raise Unreachable(f'{self._name}: {self._complaint(ended)}')

    def _exists(self, timeout: float) -> None:
        """Raise unless the agent lists the plug: for some an outlet that is not there is off."""
        plug = self._settings.get('plug')
        about = metadata.metadata(metadata.find(self._settings['agent']))
        if plug is None or 'list' not in about.actions:
            return
        ended = self._run('list', timeout)
        if ended.code:
            raise Unreachable(f'{self._name}: {self._complaint(ended)}')
        outlets = [line.split(',')[:2] for line in ended.out.splitlines() if ',' in line]
        if not any(str(plug) in (part.strip() for part in outlet) for outlet in outlets):
            there = ', '.join(outlet[0] for outlet in outlets[:8]) or 'none'
            raise NotFound(f'{self._name} has no plug {plug}; there are {there}')

    def _run(self, action: str, timeout: float) -> command.Ended:
        # Whoever made this driver may not have asked for objections. The agent is not to be
        # asked anything before it was described: a key that it does not know is a default.
        until = SystemClock().elapsed() + timeout
        if class_of(self._name).kind not in rules.USELESS:
            metadata.metadata(metadata.find(self._settings['agent']), timeout=timeout)
        for objection in rules.objections(self._settings, lab=True):
            if objection.blocks:
                raise Refused(objection.sentence)
        path = metadata.find(self._settings['agent'])
        about = metadata.metadata(path)
        left = until - SystemClock().elapsed()
        if left <= 0:
            raise Unreachable('no time left to ask')
        told = wording.lines(self._settings, about, action, left)
        return command.run([str(path)], told, timeout=left)

    def _complaint(self, ended: command.Ended) -> str:
        return speech.complaint(ended, wording.secrets(self._settings))
