"""Which host is meant by a name as senders spell it. Pure; never by likeness."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping

_PORT = re.compile(r':\d{1,5}$')


def bare(name: str) -> str:
    """Without port, brackets and the dot of the root."""
    text = name.strip()
    if text.startswith('['):
        return text[1:].partition(']')[0]
    if text.count(':') == 1:
        text = _PORT.sub('', text)
    return text.rstrip('.')


def fits(
    name: str,
    hosts: Iterable[str],
    aliases: Mapping[str, str] | None = None,
    domains: Iterable[str] = (),
) -> tuple[str, ...]:
    """The hosts that may be meant: none, one, or several between which nobody may choose.

    In this order, and the first that finds any counts: exactly; by an alias; without a port; in
    another case; with more or fewer domains at its end.

    :param hosts: of Nova's compute services.
    :param aliases: other names of hosts; their case does not matter.
    :param domains: that a name may have and Nova's does not; none given: any.
    """
    known = frozenset(hosts)
    if name in known:
        return (name,)
    short = bare(name)
    renamed = _alias(aliases or {}, name.strip(), short)
    for exact in (renamed, short):
        if exact in known:
            return (exact,)
    wanted = (renamed or short).lower()
    if not wanted:
        return ()
    same = sorted(one for one in known if one.lower() == wanted)
    return tuple(same or sorted(_domains(wanted, known, {one.lower() for one in domains})))


def _alias(aliases: Mapping[str, str], *names: str) -> str:
    if not aliases:
        return ''
    lower = {given.lower(): host for given, host in aliases.items()}
    return next((lower[one.lower()] for one in names if one.lower() in lower), '')


def _domains(wanted: str, known: Iterable[str], domains: set[str]) -> list[str]:
    """Two different domains are two hosts, and the numbers of an address are no domain."""
    if _is_address(wanted):
        return []
    found = []
    for host in known:
        lower = host.lower()
        if lower.startswith(f'{wanted}.'):
            found.append(host)
        elif wanted.startswith(f'{lower}.'):
            more = wanted[len(lower) + 1 :]
            if not domains or more in domains:
                found.append(host)
    return found


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
