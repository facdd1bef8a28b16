"""Rules that cannot be seen from outside: judged by the rows, the requests and the logs of a play.

What can be seen from outside is the business of :mod:`drivers.simulated.oracle`. Every judge
judges every play.
"""

from __future__ import annotations

import contextlib
import fnmatch
import logging
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa
import yaml

from drivers.simulated.oracle import Oracle
from drivers.simulated.play import Broken
from drivers.simulated.trace import Event
from recovery.db import tables
from recovery.policy import approvals
from tests.oracle.counting import metrics_are_true
from tests.stage import Stage

Row = Mapping[str, Any]

READS_APART = 2.0
ANSWER = 16.0  #: seconds that a device may take to say what it read; then it is on record
ENDED_ITEMS = ('moved', 'left', 'failed')
DOWN_ENDS = ('done', 'done-with-failures')


class Play(logging.Handler):
    """A stage, with what only somebody who is there can remember."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(logging.DEBUG)
        self.stage = stage
        self.world = stage.world
        self.secrets: tuple[str, ...] = ()
        self.said: list[str] = []  # every line that was logged
        #: time, host, and its instances: when it was forced down, and when it was enabled
        self.closed: list[tuple[float, str, set[str]]] = []
        self.opened: list[tuple[float, str, set[str]]] = []
        self.found: list[Broken] = []  # by the scene itself
        stage.world.trace.listeners.append(self._hear)

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))

    def _hear(self, event: Event) -> None:
        seen = {'service.forced-down': self.closed, 'service.enabled': self.opened}.get(event.what)
        if seen is not None:
            there = {one.id for one in self.world.instances_on(event.subject)}
            seen.append((self.stage.clock.now(), event.subject, there))

    def there(self, row: Row, seen: list[tuple[float, str, set[str]]]) -> set[str]:
        """What was on the host of a recovery when that happened, while it was live."""
        until = row['ended_at'] or float('inf')
        found = (
            instances
            for at, host, instances in seen
            if host == row['host'] and row['created_at'] <= at <= until
        )
        return next(found, set())

    def deleted_by(self, at: float) -> set[str]:
        """Instances that their users had deleted by that wall-clock time."""
        return {
            one.id
            for one in self.world.instances.values()
            if one.vm_state == 'deleted' and one.updated <= at
        }

    def broken(self, rule: str, sentence: str, at: float | None = None) -> Broken:
        """A rule, broken now, or at that wall-clock time."""
        when = self.world.time if at is None else at - self.began
        return Broken(rule, when, sentence)

    @cached_property
    def began(self) -> float:
        """The wall-clock time at which the world began."""
        return self.stage.clock.now() - self.stage.clock.elapsed()

    def rows(self, table: sa.Table) -> list[Row]:
        return self.stage.rows(table)

    @cached_property
    def recoveries(self) -> Mapping[str, Row]:
        """By id, oldest first."""
        return {row['id']: row for row in self.stage.recoveries()}

    def intents(self, action: str) -> list[Row]:
        return [row for row in self.rows(tables.intent) if row['action'] == action]

    def approved(self, recovery: str, gate: str) -> bool:
        return gate in approvals.names(self.recoveries[recovery]['approved_gates'])


Judge = Callable[[Play], Iterator[Broken]]


def verdict(play: Play) -> list[Broken]:
    """Everything that was broken, by the world's truth and by what is on record."""
    downs = [row for row in play.stage.recoveries() if row['kind'] == 'host-down']
    done = [row['host'] for row in downs if row['state'] == 'done']
    excused = [row['instance'] for row in play.rows(tables.item) if row['state'] != 'moved']
    found = [*play.found, *Oracle(play.world).verdict(done, excused)]
    for judge in JUDGES:
        found += judge(play)
    return sorted(found, key=lambda one: one.when)


def proof_of_this_round(play: Play) -> Iterator[Broken]:
    """S1: each evacuation has a proof of its recovery, round and host, made before it."""
    proofs = play.rows(tables.proof)
    for one in play.rows(tables.attempt):
        host = play.recoveries[one['recovery']]['host']
        mine = [
            proof for proof in proofs
            if (proof['recovery'], proof['round'], proof['host'])
            == (one['recovery'], one['round'], host) and proof['at'] <= one['at']
        ]  # fmt: skip
        if not mine:
            what = f'{one["instance"]} was evacuated in round {one["round"]}, which has no proof'
            yield play.broken('S1', what, one['at'])


def proof_of_destinations(play: Play) -> Iterator[Broken]:
    """S1: nor is one sent again while an earlier destination may run it."""
    proofs, earlier = play.rows(tables.proof), defaultdict[str, list[Row]](list)
    for one in play.rows(tables.attempt):
        for before in earlier[one['instance']]:
            there, since = before['destination'], before['at']
            if before['state'] != 'failed' or not there or before['destination_sure']:
                continue
            if not any(p['host'] == there and since < p['at'] <= one['at'] for p in proofs):
                what = f'{one["instance"]} was sent again, and {there} may run it'
                yield play.broken('S1', what, one['at'])
        earlier[one['instance']].append(one)


def proofs_were_read(play: Play) -> Iterator[Broken]:
    """S3: what a proof says was read was read, from that host's device, at that time."""
    reads = defaultdict[str, list[float]](list)
    for event in play.world.trace.find('bmc.read'):
        if event.detail['said'] == 'off':
            reads[event.detail['asked_of']].append(event.when + play.began)
    for proof in play.rows(tables.proof):
        for seen in proof['observations']:
            if not any(-0.01 <= seen['at'] - at <= ANSWER for at in reads[proof['host']]):
                what = f'no device of {proof["host"]} was read OFF when its proof says so'
                yield play.broken('S3', what, seen['at'])


def read_again_after_a_resume(play: Play) -> Iterator[Broken]:
    """S5: whoever sends an evacuation has read the power twice himself."""
    human = {row['host'] for row in play.rows(tables.proof) if row['kind'] == 'human'}
    reads = defaultdict[tuple[str, str], list[float]](list)
    for request in play.world.faults.requests:
        who = request.client.partition('/')[0]
        if request.kind == 'bmc.power-state':
            reads[who, request.subject.partition('/')[0]].append(request.when)
        if request.kind != 'nova.evacuate' or request.subject in human:
            continue
        mine = reads[who, request.subject]
        if len(mine) < 2 or mine[-1] - mine[0] < READS_APART - 0.01:
            what = f'{who} evacuated {request.subject}, whose power it read {len(mine)} times'
            yield Broken('S5', request.when, what)


def one_recovery_per_host(play: Play) -> Iterator[Broken]:
    """S6. One that was begun anew counts from then on: others may have come and gone before."""
    anew = {
        one['recovery']: one['at']
        for one in play.rows(tables.event)
        if one['what'].startswith('rerun: ')
    }
    began: dict[str, Any] = {
        key: anew.get(key, row['created_at']) for key, row in play.recoveries.items()
    }
    free: dict[str, float] = {}
    for row in sorted(play.recoveries.values(), key=lambda one: began[one['id']]):
        if began[row['id']] < free.get(row['subject'], 0.0):
            what = f'{row["subject"]} had two recoveries at once'
            yield play.broken('S6', what, began[row['id']])
        free[row['subject']] = row['ended_at'] or float('inf')


def fences_are_budgeted(play: Play) -> Iterator[Broken]:
    """S12: hosts within the window, unless a human said so."""
    policy, seen = play.stage.conf.policy, list[Row]()
    for one in play.intents('power-off'):
        since = one['at'] - policy.fence_window_seconds
        others = {row['host'] for row in seen if row['at'] >= since} - {one['host']}
        if len(others) >= policy.fence_budget and not play.approved(
            one['recovery'], 'fence-budget'
        ):
            what = f'{one["host"]} was fenced after {len(others)} others'
            yield play.broken('S12', what, one['at'])
        seen.append(one)


def tries_are_limited(play: Play) -> Iterator[Broken]:
    """S12: of fencing in a round, of one instance in a round, of recovering one host."""
    conf = play.stage.conf
    fences = Counter(
        (row['recovery'], row['round'], row['target'])
        for row in play.intents('power-off')
        if not (row['outcome'] or '').startswith('failed: Unreachable')  # that is no try (H18)
        and row['observed'].get('attempt', 1) <= 1  # the others belong to the same try
    )
    sent = Counter(
        (row['recovery'], row['round'], row['instance'])
        for row in play.rows(tables.attempt)
        if row['state'] in ('failed', 'moved')
    )
    for what, count, limit in (('fenced', fences, conf.fencing.attempts),
                               ('sent', sent, conf.evacuation.attempts)):  # fmt: skip
        for (_, number, target), times in count.items():
            if times > limit:
                yield play.broken('S12', f'{target} was {what} {times} times in round {number}')
    hosts = defaultdict[str, list[str]](list)
    for row in play.intents('power-off'):
        begun = hosts[row['host']]
        if row['recovery'] in begun:
            continue
        if len(begun) >= conf.policy.attempts and not play.approved(row['recovery'], 'attempts'):
            what = f'{row["host"]} was recovered {len(begun)} times before'
            yield play.broken('S12', what, row['at'])
        begun.append(row['recovery'])


def loops_are_held(play: Play) -> Iterator[Broken]:
    """S13."""
    returns = [
        row for row in play.recoveries.values()
        if (row['kind'], row['state']) == ('host-return', 'done')
    ]  # fmt: skip
    for one in play.intents('power-off'):
        for back in returns:
            since = one['at'] - back['ended_at']
            soon = 0 <= since < play.stage.conf.restore.loop_seconds
            if (
                back['host'] == one['host']
                and soon
                and not play.approved(one['recovery'], 'fence-loop')
            ):
                what = f'{one["host"]} was fenced {since:.0f} s after its return'
                yield play.broken('S13', what, one['at'])


def start_is_held_off(play: Play) -> Iterator[Broken]:
    """S14."""
    started = min((row['started_at'] for row in play.rows(tables.worker)), default=0.0)
    for one in play.intents('power-off'):
        since = one['at'] - started
        if since < play.stage.conf.policy.startup_seconds and not play.approved(
            one['recovery'], 'start-up'
        ):
            what = f'{one["host"]} was fenced {since:.0f} s after the start'
            yield play.broken('S14', what, one['at'])


def targets_are_sound(play: Play) -> Iterator[Broken]:
    """S17. Of what is of one instant nobody can tell which came first."""
    for one in play.rows(tables.attempt):
        for row in play.recoveries.values():
            live = row['created_at'] < one['at'] < (row['ended_at'] or float('inf'))
            if live and row['host'] == one['target']:
                what = f'{one["instance"]} was sent to {row["host"]}, which is under recovery'
                yield play.broken('S17', what, one['at'])


def whole_levels(play: Play) -> Iterator[Broken]:
    """S18: by the file, not by what was made of it."""
    inventory = yaml.safe_load(play.stage.inventory_file.read_text())
    for proof in play.rows(tables.proof):
        if proof['kind'] != 'power':
            continue
        wanted = {one['name'] for one in _level(inventory, proof['host'], proof['level'])}
        read = Counter(seen['device'] for seen in proof['observations'] if seen['power'] == 'off')
        for name in sorted(wanted):
            if read[name] < 2:
                what = f'{name} of {proof["host"]} was read OFF {read[name]} times for its proof'
                yield play.broken('S18', what, proof['at'])


def _level(inventory: Mapping[str, Any], host: str, number: int) -> Sequence[Row]:
    patterns = (one for one in inventory.get('patterns', []) if fnmatch.fnmatch(host, one['match']))
    found = inventory.get('hosts', {}).get(host) or next(patterns)
    levels = found['levels'] if isinstance(found, Mapping) else found
    level: Sequence[Row] = levels[number if isinstance(levels, Mapping) else number - 1]
    return level


def nothing_left_over(play: Play) -> Iterator[Broken]:
    """S20: by whom runs on the host when it is opened, and by the items of its recovery. What was
    begun anew since then no longer says how it stood."""
    for row in play.recoveries.values():
        if (row['kind'], row['state']) != ('host-return', 'done'):
            continue
        if row['arguments']['accept_leftovers'] or not play.closed:
            continue
        # What one recovery could not move, a later one of the same host may have moved.
        items = sorted(
            (one for one in play.rows(tables.item) if one['source'] == row['host']),
            key=lambda one: play.recoveries[one['recovery']]['created_at'],
        )
        items = list({one['instance']: one for one in items}.values())
        anew = {
            one['instance']
            for one in items
            if (play.recoveries[one['recovery']]['ended_at'] or float('inf')) > row['ended_at']
        }
        left = {one['instance'] for one in items if one['state'] == 'left'}
        astray = play.there(row, play.opened) - left
        astray |= {one['instance'] for one in items if one['state'] not in ('moved', 'left')}
        astray -= anew
        if astray:
            what = f'{row["host"]} was opened with {len(astray)} instances that nothing explains'
            yield play.broken('S20', what, row['ended_at'])


def items_are_all_and_end(play: Play) -> Iterator[Broken]:
    """S21: the items are the instances that were there, and each has ended; what had moved, and was
    there again when the host was closed once more, has ended since. One that was begun anew after
    another recovery of its host finds what that one has moved no longer there."""
    every = play.rows(tables.item)
    for row in play.recoveries.values():
        if row['kind'] != 'host-down' or row['state'] not in DOWN_ENDS:
            continue
        items = [one for one in every if one['recovery'] == row['id']]
        for one in items:
            if one['state'] not in ENDED_ITEMS or one['ended_at'] is None:
                what = f'{one["name"]} is {one["state"]}, and its recovery has ended'
                yield play.broken('S21', what, row['ended_at'])
            elif one['state'] == 'moved' and _was_there_since(play, row, one):
                what = f'{one["name"]} counts as moved, and had come back to {row["host"]}'
                yield play.broken('S21', what, row['ended_at'])
        moved_meanwhile = {
            one['instance']
            for one in every
            if (one['source'], one['state']) == (row['host'], 'moved')
            and row['created_at'] <= (one['ended_at'] or 0.0) <= row['ended_at']
        }
        missing = play.there(row, play.closed) - {one['instance'] for one in items}
        missing -= moved_meanwhile | play.deleted_by(row['ended_at'])
        if missing:
            what = f'{len(missing)} instances of {row["host"]} are no items of its recovery'
            yield play.broken('S21', what, row['ended_at'])


def _was_there_since(play: Play, row: Row, item: Row) -> bool:
    """Whether an item was on the host when that was closed after the item had ended. Of what a
    human has settled the world may show anything."""
    return not item['reason'] and any(
        host == row['host'] and item['instance'] in there and item['ended_at'] < at
        for at, host, there in play.closed
        if at <= row['ended_at']
    )


def decisions_have_reasons(play: Play) -> Iterator[Broken]:
    """S25: about each alarm, each round that went on to act, and each line that was crossed."""
    decided = play.rows(tables.decision)
    for one in decided:
        mute = [gate for gate in one['gates'] if not (gate['question'] and gate['reason'])]
        if not one['reason'] or not one['gates'] or mute:
            yield play.broken('S25', f'decision {one["id"]} has no reason', one['at'])
    for alarm in play.rows(tables.alarm):
        if alarm['answer'] and not any(one['alarm'] == alarm['id'] for one in decided):
            what = f'the alarm about {alarm["subject"]} was answered without a decision'
            yield play.broken('S25', what, alarm['arrived_at'])
    lines = {one['recovery'] for one in decided if (one['stage'], one['answer']) == LINE_PASSED}
    rounds = Counter(one['recovery'] for one in decided if one['stage'] in ('verify', 'below'))
    fenced = {(one['recovery'], one['round']) for one in play.intents('power-off')}
    for one in play.intents('power-off'):
        # A round that ended while it was held had no worker.
        so_far = sum(mine == one['recovery'] and at <= one['round'] for mine, at in fenced)
        if one['recovery'] not in lines or rounds[one['recovery']] < so_far:
            what = f'{one["host"]} was fenced without a decision on record'
            yield play.broken('S25', what, one['at'])


LINE_PASSED = ('line', 'admit')


def outcomes_are_true(play: Play) -> Iterator[Broken]:
    """S26: the state, the sentence and the counts say what became of the items."""
    for row in play.recoveries.values():
        if row['kind'] != 'host-down' or row['state'] not in DOWN_ENDS:
            continue
        items = [one for one in play.rows(tables.item) if one['recovery'] == row['id']]
        count = Counter(one['state'] for one in items)
        said = {state: number for state, number in row['notes']['outcome'].items() if number}
        if (row['state'] == 'done-with-failures') != bool(count['failed']):
            what = f'the recovery of {row["host"]} is {row["state"]}: {count["failed"]} failed'
            yield play.broken('S26', what, row['ended_at'])
        if said != dict(count):
            what = f'the recovery of {row["host"]} says {said}, and it is {dict(count)}'
            yield play.broken('S26', what, row['ended_at'])


def secrets_are_kept(play: Play) -> Iterator[Broken]:
    """S27: neither in the database, TaskFlow's tables included, nor in any line that is logged."""
    if not play.secrets:
        return
    with contextlib.closing(sqlite3.connect(play.stage.folder / 'recovery.sqlite')) as database:
        places = {'the database': '\n'.join(database.iterdump()), 'the logs': '\n'.join(play.said)}
    for secret in play.secrets:
        for place, text in places.items():
            if secret in text:
                yield play.broken('S27', f'a password is in {place}')


def spares_are_given_back(play: Play) -> Iterator[Broken]:
    """S23: a spare is kept in service or reserved again before its recovery has ended for long."""
    for one in play.rows(tables.spare):
        row = play.recoveries[one['recovery']]
        if one['state'] == 'taken' and row['ended_at'] is not None:
            what = f"spare {one['host']} is nobody's: its recovery is {row['state']}"
            yield play.broken('S23', what, row['ended_at'])


JUDGES: tuple[Judge, ...] = (
    spares_are_given_back,
    proof_of_this_round,
    proof_of_destinations,
    proofs_were_read,
    read_again_after_a_resume,
    one_recovery_per_host,
    fences_are_budgeted,
    tries_are_limited,
    loops_are_held,
    start_is_held_off,
    targets_are_sound,
    whole_levels,
    nothing_left_over,
    items_are_all_and_end,
    decisions_have_reasons,
    outcomes_are_true,
    metrics_are_true,
    secrets_are_kept,
)
