"""What an agent says of itself: its options and its actions. Asked once per file of an agent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from drivers import command
from drivers.clock import SystemClock
from drivers.contracts.errors import DriverError, Refused
from drivers.fencing.agent.speech import complaint

FOLDERS = ('/usr/sbin', '/sbin', '/usr/local/sbin')
SECONDS = 10.0  # an agent that takes longer to describe itself is broken
AGAIN_SECONDS = 30.0  # until an agent that could not describe itself is asked again
WRITABLE_BY_ALL = 0o002


@dataclass(frozen=True)
class Option:
    """One option of an agent, by its name with underscores."""

    name: str
    kind: str  #: string, boolean, select, integer, second
    required: bool = False
    choices: tuple[str, ...] = ()
    default: str = ''
    replaces: tuple[str, ...] = ()  #: older names
    deprecated: bool = False
    is_address: bool = False  #: a plug that is only another name of the address


@dataclass(frozen=True)
class Metadata:
    """What an agent can be told, and asked."""

    options: Mapping[str, Option]
    actions: frozenset[str]
    unfences: bool = False  #: "on" is for the host itself: it cuts off something else than power


@dataclass(frozen=True)
class _Known:
    look: tuple[int, ...]
    at: float
    found: Metadata | DriverError = field(repr=False)


_known: dict[Path, _Known] = {}


def find(agent: str) -> Path:
    """The file of an agent, by name or path. Raises Refused."""
    if '/' in agent:
        path = Path(agent)
        if not path.is_file():
            raise Refused(f'there is no agent {agent}')
    else:
        places = (Path(folder, agent) for folder in FOLDERS)
        found = next((path for path in places if path.is_file()), None)
        if found is None:
            raise Refused(
                f'no agent {agent} in {", ".join(FOLDERS)}: install it (the package fence-agents, '
                'or the one of its maker), or say its path'
            )
        path = found
    if not os.access(path, os.X_OK):
        raise Refused(f'{path} cannot be executed: chmod 755 {path}')
    if path.stat().st_mode & WRITABLE_BY_ALL:
        raise Refused(f'{path} can be changed by everybody: chmod 755 {path}')
    return path


def metadata(path: Path, *, timeout: float = SECONDS) -> Metadata:
    """What the agent says of itself. Remembered until its file changes.

    :raises DriverError: it cannot be understood; said again for some seconds without asking.
    """
    look = _look_of(path)
    known = _known.get(path)
    now = SystemClock().elapsed()
    stale = known is not None and isinstance(known.found, DriverError)
    if known is None or known.look != look or (stale and now - known.at > AGAIN_SECONDS):
        known = _known[path] = _Known(look, now, _ask(path, timeout))
    if isinstance(known.found, DriverError):
        raise known.found
    return known.found


def _look_of(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _ask(path: Path, timeout: float) -> Metadata | DriverError:
    try:
        ended = command.run([str(path)], 'action=metadata\n', timeout=min(timeout, SECONDS))
        if ended.code:
            return Refused(f'{path.name} cannot describe itself: {complaint(ended, ())}')
        return parse(path.name, ended.out)
    except DriverError as error:
        return type(error)(f'{path.name} cannot describe itself: {error}')


def parse(agent: str, text: str) -> Metadata:
    """Read the description. Raises Refused."""
    try:
        # What the machine's administrator installed, and bounded: not a stranger's document.
        root = ElementTree.fromstring(text[text.find('<') :])  # noqa: S314
    except ElementTree.ParseError as error:
        raise Refused(f'{agent} describes itself in something else than XML: {error}') from error
    options = {one.name: one for one in map(_option, root.iter('parameter'))}
    actions = list(root.iter('action'))
    unfences = any(
        one.get('name') == 'on' and '1' in (one.get('automatic'), one.get('on_target'))
        for one in actions
    )
    return Metadata(options, frozenset(one.get('name', '') for one in actions), unfences)


def _option(element: ElementTree.Element) -> Option:
    content, getopt = element.find('content'), element.find('getopt')
    old = element.get('obsoletes', '').replace('-', '_')
    return Option(
        name=element.get('name', '').replace('-', '_'),
        kind='string' if content is None else content.get('type', 'string'),
        required=element.get('required') == '1',
        choices=tuple(one.get('value', '') for one in element.iter('option')),
        default='' if content is None else content.get('default', ''),
        replaces=tuple(filter(None, old.split(','))),
        deprecated=element.get('deprecated') == '1',
        is_address=getopt is not None and '=[ip]' in getopt.get('mixed', ''),
    )
