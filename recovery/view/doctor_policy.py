"""A look at what holds recoveries back: switches, windows, witnesses, channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from recovery.db import guards, scopes, windows
from recovery.intake import signs, surroundings
from recovery.policy.inputs import Missing
from recovery.view import times
from recovery.view.finding import Finding, Level

if TYPE_CHECKING:
    from recovery.site import Site

ISOLATION = 'isolation'
SWITCHES = ((guards.PAUSED, 'paused', 'unpause'), (guards.ARMED, 'disarmed', 'arm'))


def switches(site: Site) -> Iterator[Finding]:
    """What is paused, disarmed, or left alone for a time."""
    now = site.clock.now()
    with site.store.read() as connection:
        found = [(one, guards.stopped(connection, one[0])) for one in SWITCHES]
        planned = windows.every(connection, since=now)
    for (_, word, verb), stopped in found:
        for guard in stopped:
            whole = guard.scope == scopes.CLOUD
            name = '' if whole else f'{scopes.words(guard.scope)} is '
            said = f'{name}{word} by {guard.by}: {guard.reason}'
            todo = f'recovery {verb}{scopes.flags(guard.scope)}'
            yield Finding(Level.WARN, 'service', said, todo)
    for window in planned:
        if window.state(now) == 'open':
            left = times.span(window.ends_at - now)
            said = f'{scopes.words(window.scope)} is left alone for {left}: {window.reason}'
            yield Finding(Level.WARN, 'service', said, f'recovery window close {window.id[:8]}')
    if not any(stopped for _, stopped in found):
        yield Finding(Level.OK, 'service', 'armed, and not paused')


def isolation(site: Site) -> Iterator[Finding]:
    """Whether the witnesses can be asked, and what they say here and now."""
    if not surroundings.configured(site):
        return
    found, options = surroundings.look(site), site.conf.isolation
    if isinstance(found, Missing):
        yield Finding(Level.BAD, ISOLATION, found.why, 'until then nothing is fenced')
        return
    every = [*found.witnesses, *([found.arbitrator] if found.arbitrator else [])]
    for one in every:
        if not one.reached:
            yield Finding(Level.WARN, ISOLATION, f'{one.name} is not reached: {one.said}')
    if len(found.witnesses) % 2 == 0 and found.witnesses and found.arbitrator is None:
        said = f'{len(found.witnesses)} witnesses may be divided, and a tie holds every recovery'
        todo = 'add one, or name an arbitrator: [isolation] arbitrator'
        yield Finding(Level.WARN, ISOLATION, said, todo)
    if surroundings.WORKERS in options.witnesses and options.fresh_seconds <= options.look_seconds:
        said = f'what others saw is too old after {options.fresh_seconds:g} s, and they look '
        todo = 'make [isolation] fresh_seconds three times look_seconds'
        yield Finding(Level.BAD, ISOLATION, f'{said}every {options.look_seconds:g} s', todo)
    if found.majority:
        reached = sum(one.reached for one in every)
        yield Finding(Level.OK, ISOLATION, f'{reached} of {len(every)} witnesses are reached')
    else:
        todo = 'mend the network of this machine; until then nothing is fenced from here'
        yield Finding(Level.BAD, ISOLATION, 'no majority of the witnesses is reached', todo)


def life(site: Site) -> Iterator[Finding]:
    """Whether every channel can be used as configured."""
    lines = site.conf.life.channel or ()
    if not lines:
        return
    problem = signs.problem(site)
    if problem:
        yield Finding(Level.BAD, 'life', problem, 'until then every recovery is held')
    else:
        yield Finding(Level.OK, 'life', f'{len(lines)} channels: {", ".join(lines)}')
