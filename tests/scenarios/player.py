"""Plays a scenario file on a stage, and says what came of it.

A file begins with a comment that says what it is about. Its keys::

    hosts, instances, settings, conf, inventory   the stage's own (tests/stage.py)
    place:   instances beyond those: {host, name, vm_state, task_state, metadata, flavor, ...}
    cast:    processes that run from the beginning; [w1, watcher] unless it says otherwise
    script:  one verb after the other (tests/scenarios/verbs.py)
    expect:  what has to be so at the end, see :class:`Expected`
    replays: with how many seeds it is played, where that is not the usual number
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from drivers.simulated.instances import Flavor
from recovery.db import tables
from recovery.operate.refusal import Refusal
from tests import records
from tests.scenarios import verbs
from tests.stage import Stage, play

FOLDER = Path(__file__).resolve().parent
CAST = ('w1', 'watcher')


@dataclass(frozen=True)
class Expected:
    """What has to be so at the end. Only what is named is asked."""

    states: Sequence[str] = ()  #: of every recovery, oldest first
    code: str | None = None  #: of the newest
    reason: str = ''  #: a part of the newest one's
    round: int | None = None  #: of the newest
    items: Mapping[str, int] | None = None  #: how many are in which state, of all recoveries
    item: Mapping[str, str] = field(default_factory=dict)  #: state, or 'state: part of the reason'
    runs: Mapping[str, int] = field(default_factory=dict)  #: instance: on how many hosts, in truth
    flags: Mapping[str, str] = field(default_factory=dict)  #: host: 'enabled up on', see `flags`
    fenced: Sequence[str] | None = None  #: hosts that were told to power off
    told: Sequence[str] = ()  #: parts of the story, in this order
    untold: Sequence[str] = ()  #: parts that the story must not have


@dataclass(frozen=True)
class Scenario:
    """One file."""

    name: str
    script: Sequence[str]
    expected: Expected
    cast: Sequence[str] = CAST
    place: Sequence[Mapping[str, Any]] = ()
    replays: int | None = None
    stage: Mapping[str, Any] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """Where its story is kept."""
        return FOLDER / f'{self.name}.log'


@dataclass(frozen=True)
class Played:
    """What a play came to."""

    log: str
    complaints: list[str]
    end: dict[str, Any]  #: what must not depend on who was first at each instant


def names() -> list[str]:
    """Every scenario."""
    return sorted(path.stem for path in FOLDER.glob('*.yaml'))


def load(name: str) -> Scenario:
    """Read a scenario. Raises ValueError with what is wrong with it."""
    text = (FOLDER / f'{name}.yaml').read_text()
    if not text.startswith('# '):
        raise ValueError(
            f'{name}.yaml: the first line must be a comment that says what it is about'
        )
    content = yaml.safe_load(text)
    own = {key: content.pop(key) for key in ('cast', 'place', 'replays') if key in content}
    script, expect = content.pop('script'), content.pop('expect')
    stage = {key: content.pop(key) for key in [*content] if key in STAGE}
    if content:
        raise ValueError(f'{name}.yaml: unknown keys {", ".join(content)}')
    return Scenario(name, script, Expected(**expect), stage=stage, **own)


STAGE = frozenset({'hosts', 'instances', 'settings', 'conf', 'inventory'})


def perform(scenario: Scenario, seed: int | None = None) -> Played:
    """Play it once."""
    with play(**scenario.stage, seed=seed) as stage:
        actors = verbs.Verbs(stage)
        try:
            lines = _perform(scenario, stage, actors)
            log = '\n'.join(lines) + '\n'
            return Played(log, list(_complaints(scenario.expected, stage, log)), _end(stage))
        finally:
            actors.end()


def _perform(scenario: Scenario, stage: Stage, actors: verbs.Verbs) -> list[str]:
    for instance in scenario.place:
        flavor = Flavor(**instance.get('flavor', {}))
        stage.world.add_instance(**{**instance, 'flavor': flavor})
    for name in scenario.cast:
        actors.do(['start', name])
    lines: list[str] = []
    for line in scenario.script:
        place = stage.place()
        lines.append(f'> {line}')
        try:
            said = actors.do(shlex.split(line))
        except Refusal as refusal:
            said = f'refused: {refusal.sentence}' + (f' [{refusal.verb}]' if refusal.verb else '')
        except AssertionError as error:
            raise AssertionError(f'{scenario.name}: {line}: {error}') from error
        with stage.world:
            pass  # what is due in the world by now has happened
        if '-many ' not in line:  # a crowd tells nothing new
            lines += [told for told in stage.story(place).splitlines() if told]
        lines += [f'  = {stage.named(said)}'] if said else []
    return lines


def _complaints(expected: Expected, stage: Stage, log: str) -> list[str]:
    found = [f'rule broken: {stage.named(one)}' for one in stage.broken()]
    for what, wanted, got in _compared(expected, stage):
        if wanted != got:
            found.append(f'{what} should be {wanted!r}, and is {got!r}')
    found += _reasons(expected, stage)
    found += records.complaints(stage)
    after = 0
    for part in expected.told:
        at = log.find(part, after)
        if at < 0:
            found.append(f'the story does not tell, or not in this order: {part}')
        else:
            after = at + len(part)
    found += [f'the story tells: {part}' for part in expected.untold if part in log]
    return found


def _compared(expected: Expected, stage: Stage) -> list[tuple[str, Any, Any]]:
    rows = stage.recoveries()
    newest = rows[-1] if rows else {'code': None, 'round': None}
    pairs: list[tuple[str, Any, Any]] = []
    if expected.states:
        pairs.append(('states', list(expected.states), [row['state'] for row in rows]))
    if expected.code is not None:
        pairs.append(('the code', expected.code, newest['code']))
    if expected.round is not None:
        pairs.append(('the round', expected.round, newest['round']))
    if expected.items is not None:
        count = Counter(row['state'] for row in stage.rows(tables.item))
        pairs.append(('items', dict(expected.items), dict(count)))
    for name, number in expected.runs.items():
        pairs.append((f'hosts that run {name}', number, len(_runs(stage).get(name, ()))))
    for name, wanted in expected.flags.items():
        pairs.append((f'flags of {name}', wanted, flags(stage, name)))
    if expected.fenced is not None:
        fenced = {event.subject for event in stage.world.trace.find('asked.off')}
        pairs.append(('fenced hosts', sorted(expected.fenced), sorted(fenced)))
    return pairs


def _reasons(expected: Expected, stage: Stage) -> list[str]:
    found = []
    rows = stage.recoveries()
    reason = stage.named(rows[-1]['reason'] or '') if rows else ''
    if expected.reason not in reason:
        found.append(f'the reason should say {expected.reason!r}, and is {reason!r}')
    items = {row['name']: row for row in stage.rows(tables.item)}
    for name, wanted in expected.item.items():
        row = items.get(name)
        got = f'{row["state"]}: {stage.named(row["reason"] or "")}' if row else 'no item'
        state, _, part = wanted.partition(': ')
        if not got.startswith(state) or part not in got:
            found.append(f'{name} should be {wanted!r}, and is {got!r}')
    return found


def flags(stage: Stage, name: str) -> str:
    """'enabled|disabled up|down|forced on|off' of a host, in truth and by Nova's record."""
    world = stage.world
    with world:
        host = world.hosts[name]
        state = 'forced' if host.forced_down else 'up' if world.agents.up(host) else 'down'
        words = ('enabled' if host.enabled else 'disabled', state, 'on' if host.powered else 'off')
    return ' '.join(words)


def _runs(stage: Stage) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for host in stage.world.hosts:
        for name in stage.running_on(host):
            found.setdefault(name, []).append(host)
    return found


def _end(stage: Stage) -> dict[str, Any]:
    return {
        'recoveries': sorted(
            (row['kind'], row['host'], row['state'], row['code'] or '')
            for row in stage.recoveries()
        ),
        'items': sorted((row['name'], row['state']) for row in stage.rows(tables.item)),
        'runs': {name: len(hosts) for name, hosts in sorted(_runs(stage).items())},
        'flags': {name: flags(stage, name) for name in stage.world.hosts},
    }
