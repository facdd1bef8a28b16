"""What must not be said to an agent, and which agents must not be asked at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from drivers.contracts.errors import DriverError
from drivers.contracts.objection import Objection
from drivers.fencing.agent import metadata, wording
from drivers.fencing.agent.classes import Class, Kind, class_of
from drivers.fencing.agent.metadata import Metadata, Option

NEEDED = ('off', 'on', 'status')
WHOLE_NUMBER = re.compile(r'^\d+$')
SECRET = re.compile(r'passw|passphrase|secret|token|community|api_?key|hexadecimal_kg')
NO_SECRET = re.compile(r'(_script|_file|_path|_uri)$')
USELESS = (Kind.STORAGE, Kind.HELPER, Kind.REFUSED)
#: Options of agents that belong elsewhere, or nowhere.
RESERVED = {
    'action': 'we say it',
    'debug': 'it writes secrets to a file',
    'debug_file': 'it writes secrets to a file',
    'delay': 'say "delay" of the device',
    'disable_timeout': 'agents wait no longer than they are told',
    'help': 'it would do nothing else',
    'ip': 'say "address"',
    'ipaddr': 'say "address"',
    'ipport': 'say "port" of the device',
    'login': 'say "username"',
    'missing_as_off': 'an outlet that is not there would read OFF',
    'passwd': 'say "password"',
    'password': 'say it beside "agent"',
    'plug': 'say it beside "agent"',
    'plug_separator': 'each outlet is a device of its own',
    'port': 'say "plug"',
    'port_as_ip': 'say "address"',
    'retry_on': 'a request is sent once',
    'username': 'say it beside "agent"',
    'verbose': 'it shows secrets',
    'verbose_level': 'it shows secrets',
    'version': 'it would do nothing else',
}


def objections(settings: Mapping[str, Any], *, lab: bool) -> Iterator[Objection]:
    """Everything that is wrong with the settings of one device.

    Asks the agent to describe itself, once per file of an agent; contacts no device.

    :param settings: accepted by the driver's schema; credentials may be references.
    :param lab: agents that pretend are permitted.
    """
    name = wording.name_of(settings)
    known = class_of(name)
    yield from _of_class(name, known, settings, lab)
    if known.kind in USELESS:  # never started: some wait for a human, or for a packet
        return
    try:
        about = metadata.metadata(metadata.find(settings['agent']))
    except DriverError as error:
        yield Objection(str(error))
        return
    yield from _of_actions(name, about)
    yield from _of_plug(name, known, settings, about)
    yield from _of_options(name, settings, about)
    yield from _of_ipmitool(name, settings, about)


def _of_class(
    name: str, known: Class, settings: Mapping[str, Any], lab: bool
) -> Iterator[Objection]:
    stated = settings.get('class') == 'power'
    reason = settings.get('reason', '').strip()
    if known.kind in USELESS:
        yield Objection(f'{name} does not prove that a host is off: {known.why}')
    elif known.kind is Kind.LAB:
        yield Objection(
            f'{name} is for labs: {known.why}'
            + ('' if lab else '; [fencing] allow_noop permits it where nothing can be lost'),
            blocks=not lab,
        )
    elif known.kind is not Kind.POWER:
        doubt = (
            'reads OFF for whatever is not ON, an unknown state included'
            if known.kind is Kind.GUESS
            else 'is not known to cut the power, and to read OFF only when it is off'
        )
        if stated and reason:
            yield Objection(
                f'{name} {doubt}; the inventory says it does, because: {reason}', blocks=False
            )
        else:
            yield Objection(f'{name} {doubt}; if you know better say "class: power" and a "reason"')
    if known.shows_secrets and wording.secrets(settings) + _references(settings):
        accepted = settings.get('secrets_in_argv') == 'accepted'
        ours = ' (the driver "ipmi" does not)' if known.plug is None else ''
        yield Objection(
            f'{name} shows its secrets to every user of this machine, in the arguments of what '
            f'it calls{ours}'
            + ('' if accepted else '; say "secrets_in_argv: accepted" if nobody else is there'),
            blocks=not accepted,
        )


def _references(settings: Mapping[str, Any]) -> tuple[str, ...]:
    given = [settings.get('password'), *settings.get('secrets', {}).values()]
    return tuple('reference' for one in given if isinstance(one, dict))


def _of_actions(name: str, about: Metadata) -> Iterator[Objection]:
    missing = [action for action in NEEDED if action not in about.actions]
    if missing:
        yield Objection(f'{name} has no {", ".join(missing)}: it cannot fence and prove it')
    if about.unfences:
        yield Objection(f'{name} cuts off something else than power: its "on" is for the host')
    default = about.options.get('missing_as_off')
    if default is not None and wording.is_true(default.default):
        yield Objection(f'{name} reads OFF for an outlet that is not there')


def _of_plug(
    name: str, known: Class, settings: Mapping[str, Any], about: Metadata
) -> Iterator[Objection]:
    plug = settings.get('plug')
    if plug is None:
        if known.needs_plug:
            yield Objection(
                f'{name} without a "plug" takes the machine that it finds first; say the path of '
                'the system, such as /redfish/v1/Systems/1'
            )
        return
    option = about.options.get('plug', about.options.get('port'))
    if known.plug is None or (known.plug == 'plug' and option is not None and option.is_address):
        yield Objection(f'{name} has one machine for each address: leave "plug" out')
    elif ',' in str(plug):
        yield Objection('"plug" names several outlets: each is a device of its own, in one level')


def _of_options(name: str, settings: Mapping[str, Any], about: Metadata) -> Iterator[Objection]:
    extra = settings.get('options', {})
    for key in (key.replace('-', '_') for key in (*extra, *settings.get('secrets', {}))):
        if key in RESERVED:
            yield Objection(f'"{key}" is not for the inventory: {RESERVED[key]}')
        elif key == 'systems_uri' and name == 'fence_redfish':
            yield Objection('"systems_uri" is not for the inventory: say "plug"')
    for key in (key.replace('-', '_') for key in extra):
        if SECRET.search(key) and not NO_SECRET.search(key) and key not in RESERVED:
            yield Objection(f'"{key}" looks like a secret: write it under "secrets"')
    said = wording.options(settings, about)
    for key, value in said.items():
        yield from _of_value(name, key, value, about)
    yield from _missing(name, said, about)


def _of_value(name: str, key: str, value: Any, about: Metadata) -> Iterator[Objection]:
    option = about.options.get(key)
    if option is None:
        known = sorted(one.name for one in about.options.values() if not one.deprecated)
        near = get_close_matches(key, known, n=3) or known
        yield Objection(f'{name} knows no "{key}"; near it are {", ".join(near[:8])}')
        return
    if isinstance(value, dict):  # a reference: what it stands for is not known yet
        return
    text = wording.spelled(value)
    wrong = unspeakable(text) or _not_of_kind(text, option)
    if wrong:
        yield Objection(f'"{key}" {wrong}')
    if key == 'method' and text != 'onoff':
        yield Objection('"method" must be onoff: a cycle proves no moment of being off')
    if key == 'ssl_insecure' and wording.is_true(value):
        yield Objection(
            f'{name} sends its password to whoever answers at the address ("ssl_insecure")',
            blocks=False,
        )


def unspeakable(text: str) -> str | None:
    """Why agents would read another value than this one; None when they would not.

    One line each; they strip blanks, and one pair of quotes around the value.
    """
    if any(ord(mark) < 32 or ord(mark) == 127 for mark in text):
        return 'must have no line end or other control character'
    if text != text.strip():
        return 'must not begin or end with a blank'
    if len(text) > 1 and text[0] == text[-1] == '"':
        return 'must not stand in quotes that belong to it'
    return None


def _not_of_kind(text: str, option: Option) -> str | None:
    if option.choices and text not in option.choices:
        return f'must be one of {", ".join(option.choices)}'
    if option.kind in ('integer', 'second') and not WHOLE_NUMBER.match(text):
        return 'must be a whole number'
    if option.kind == 'boolean' and text.lower() not in (*wording.TRUE, '0', 'no', 'off', 'false'):
        return 'must be true or false'
    return None


def _missing(name: str, said: Mapping[str, Any], about: Metadata) -> Iterator[Objection]:
    for option in about.options.values():
        names = (option.name, *option.replaces)
        if not option.required or option.deprecated or option.name == 'action':
            continue
        if not {*names} & said.keys():
            ours = next((ours for ours, words in wording.WORDS.items() if option.name in words), '')
            yield Objection(f'{name} needs "{ours or option.name}"')


def _of_ipmitool(name: str, settings: Mapping[str, Any], about: Metadata) -> Iterator[Objection]:
    if class_of(name).plug is not None:
        return
    said = wording.options(settings, about)
    if not wording.is_true(said.get('lanplus', about.options['lanplus'].default)):
        yield Objection(
            f'{name} without "lanplus: true" speaks IPMI 1.5, unencrypted', blocks=False
        )
    if 'cipher' not in said:
        yield Objection(
            f'{name} without "cipher: 3" or 17 tries suites for up to 14 s with each call',
            blocks=False,
        )
