"""Settings of a device, in the words of its agent: the lines that it reads from stdin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from drivers.fencing.agent.classes import class_of
from drivers.fencing.agent.metadata import Metadata

#: Our settings, and the agents' names for them, newest first.
WORDS = {
    'address': ('ip', 'ipaddr'),
    'port': ('ipport',),
    'username': ('username', 'login'),
    'password': ('password', 'passwd'),
    'plug': ('plug', 'port'),
}
TRUE = ('1', 'yes', 'on', 'true')
#: What we say whatever the inventory says, to agents that know it. ``retry_on`` counts further
#: requests; ``disable_timeout`` is on by default where the agent believes it is Pacemaker's.
ALWAYS = {'method': 'onoff', 'retry_on': '0', 'disable_timeout': '0'}


def name_of(settings: Mapping[str, Any]) -> str:
    """The agent's name, without its path."""
    return PurePath(settings['agent']).name


def word(ours: str, settings: Mapping[str, Any], about: Metadata) -> str:
    """The agent's name for one of our settings."""
    if ours == 'plug':
        special = class_of(name_of(settings)).plug
        if special not in (None, 'plug'):
            return str(special)
    return next((name for name in WORDS[ours] if name in about.options), WORDS[ours][0])


def options(settings: Mapping[str, Any], about: Metadata) -> dict[str, Any]:
    """What the inventory says, by the agent's names; values as they were written."""
    said = {
        word(ours, settings, about): settings[ours]
        for ours in WORDS
        if settings.get(ours) not in (None, '')
    }
    for part in ('options', 'secrets'):
        said |= {key.replace('-', '_'): value for key, value in settings.get(part, {}).items()}
    return said


def lines(settings: Mapping[str, Any], about: Metadata, action: str, timeout: float) -> str:
    """What the agent is told for one action, within that many seconds."""
    said = {key: spelled(value) for key, value in options(settings, about).items()}
    # A switch that is off is left out. Most agents only look whether it was said at all:
    # "ssl_insecure=0" would switch the check of certificates off.
    said = {
        key: value
        for key, value in said.items()
        if not (_is_switch(key, about) and not is_true(value) and not _on_by_default(key, about))
    }
    said |= {key: value for key, value in ALWAYS.items() if key in about.options}
    if 'power_timeout' in about.options:
        # Half of what there is: it is to say that it gave up waiting, before it is killed.
        said.setdefault('power_timeout', str(max(1, int(timeout / 2))))
    return ''.join(f'{key}={value}\n' for key, value in {'action': action, **said}.items())


def spelled(value: Any) -> str:
    """A value as agents read it."""
    if isinstance(value, bool):
        return '1' if value else '0'
    return str(value)


def is_true(value: Any) -> bool:
    return spelled(value).lower() in TRUE


def secrets(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """What must never be seen."""
    found = [settings.get('password'), *settings.get('secrets', {}).values()]
    return tuple(str(one) for one in found if isinstance(one, str | int) and one != '')


def _is_switch(key: str, about: Metadata) -> bool:
    return key in about.options and about.options[key].kind == 'boolean'


def _on_by_default(key: str, about: Metadata) -> bool:
    return about.options[key].default.lower() in TRUE
