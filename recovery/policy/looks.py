"""How services look: which one is meant, how long it has been silent, whether it seems failed."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from drivers.contracts.compute import Service
from recovery.policy.inputs import Inputs, Missing

#: Two reports at Nova's default interval: a shorter silence is no failure when hosts are counted.
COUNTED_AFTER = 20.0
SILENT_CELL = 'the cell of the host does not answer Nova'
#: A host that has been out of service for a day is no part of what fails now.
LONG_OUT = 86400.0


def matches(inputs: Inputs) -> tuple[Service, ...]:
    """Services with exactly the subject's name. None while Nova could not be asked."""
    if isinstance(inputs.services, Missing):
        return ()
    return tuple(one for one in inputs.services if one.host == inputs.subject)


def the_service(inputs: Inputs) -> Service | None:
    """The one service that is meant, if it is exactly one."""
    found = matches(inputs)
    return found[0] if len(found) == 1 else None


def near(name: str, services: Iterable[Service]) -> list[str]:
    """Hosts whose names a human may have meant: another case, domain, or a slip."""
    known = sorted({one.host for one in services})
    short = name.split('.')[0].lower()
    alike = [host for host in known if host.split('.')[0].lower() == short]
    return (alike + [one for one in get_close_matches(name, known, 3) if one not in alike])[:5]


def silence(service: Service, now: float) -> float | None:
    """Seconds since its last report, or since a flag of it was changed (H3). None: never."""
    return None if service.updated_at is None else now - service.updated_at


def looks_failed(service: Service, inputs: Inputs) -> bool:
    """Whether it counts as failed where hosts are counted: by its reports, never by alarms."""
    if service.state != 'up':
        return True
    quiet = silence(service, inputs.now)
    return quiet is None or quiet >= max(inputs.limits.down_seconds, COUNTED_AFTER)


def long_out(service: Service, now: float) -> bool:
    """Out of service on purpose, and for so long that it says nothing about what fails now."""
    if service.enabled and not service.forced_down:
        return False
    quiet = silence(service, now)
    return quiet is None or quiet >= LONG_OUT


def failed(inputs: Inputs) -> tuple[frozenset[str], int]:
    """Hosts that look failed, and of how many: by reports, whatever alarms came (S11).

    What is under recovery has failed, whatever Nova still says of it; so has the subject.
    """
    kept: tuple[frozenset[str], int] | None = vars(inputs).get('_failed')
    if kept is not None:
        return kept
    assert not isinstance(inputs.services, Missing)
    counted = [one for one in inputs.services if not long_out(one, inputs.now)]
    found = {one.host for one in counted if looks_failed(one, inputs)}
    found |= {inputs.subject} | inputs.fences.under_way
    answer = frozenset(found), len({one.host for one in counted} | found)
    # Several gates count a thousand services: once is enough, for inputs never change.
    vars(inputs)['_failed'] = answer
    return answer


def seconds(value: float) -> str:
    """A duration as people say it."""
    if abs(value) < 120:
        return f'{value:.0f} s'
    if abs(value) < 7200:
        return f'{value / 60:.0f} min'
    if abs(value) < 172800:
        return f'{value / 3600:.0f} h'
    return f'{value / 86400:.0f} days'


def sight(service: Service) -> dict[str, Any]:
    """What a decision keeps of it: see :class:`recovery.policy.inputs.Sight`."""
    return {
        'enabled': service.enabled,
        'forced_down': service.forced_down,
        'disabled_reason': service.disabled_reason or '',
        'state': service.state,
        'updated_at': service.updated_at,
    }
