"""What every run has to come to, whatever went wrong in it; judged on the truth of the world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from drivers.simulated.instances import GUESTS
from drivers.simulated.oracle import Oracle
from drivers.simulated.play import Broken
from recovery.db import states, tables
from tests.oracle import judges
from tests.stage import Stage

if TYPE_CHECKING:
    from tests.soak.perform import Actor

Row = Mapping[str, Any]

#: Waits for what was away: once it is back they go on by themselves.
PASSING_CODES = ('nova-away', 'paused', 'start-up', 'settled', 'armed')
#: Judges that compare times of rows with times of the world: not while our wall clock is wrong.
UNTIMED = (judges.read_again_after_a_resume, judges.tries_are_limited, judges.whole_levels,
           judges.decisions_have_reasons, judges.outcomes_are_true)  # fmt: skip

#: Judges that take a recovery for live until its end: a rerun opens one that had ended.
ONE_ROUND = {judges.one_recovery_per_host, judges.targets_are_sound}


def complaints(stage: Stage, actor: Actor, play: judges.Play) -> list[str]:
    """Everything that is not as it has to be."""
    play.approved = (  # type: ignore[method-assign]  # a new round forgets its approvals
        lambda recovery, gate: (recovery, gate) in actor.people.approved
    )
    chosen = UNTIMED if actor.people.ever_stepped else judges.JUDGES
    broken = [*actor.owners.found, *Oracle(stage.world).verdict()]
    # Here workers die between two tries, and what is fenced once is tried again.
    left_out = {judges.tries_are_limited, judges.fences_are_budgeted}
    if any(row['round'] > 1 for row in stage.recoveries()):
        left_out |= ONE_ROUND
    for judge in chosen:
        if judge not in left_out:
            broken += judge(play)
    found = [f'rule broken: {stage.named(str(one))}' for one in sorted(broken, key=_when)]
    if plan_times_hold(actor):
        found += [stage.named(one) for one in _lost(stage)]
    found += [stage.named(one) for one in _stuck(stage, actor)]
    found += list(_endless(stage))
    if plan_times_hold(actor):
        found += list(_unbudgeted(stage, actor))
    found += [stage.named(one) for one in _mute_items(stage)]
    found += sorted(actor.twice)
    return found


def plan_times_hold(actor: Actor) -> bool:
    """Whether the times of rows can be compared with those of the world."""
    return not actor.people.ever_stepped


def _when(broken: Broken) -> float:
    return broken.when


def _stuck(stage: Stage, actor: Actor) -> Iterator[str]:
    """Each recovery has ended, or waits for somebody with a reason, and says what he has to do."""
    for newest in stage.recoveries():
        row = newest  # what is tried again and again is seen as it last rested
        if row['state'] in (states.READY, states.RUNNING):
            row = actor.rested.get(row['id'], row)
        name = f'{row["kind"]} {row["id"]} of {row["host"]}'
        if row['state'] in (states.READY, states.RUNNING):
            yield f'never ends: {name} is {row["state"]} in step {row["phase"]}'
        if row['state'] not in (states.HELD, states.WAITING):
            continue
        if not row['reason']:
            yield f'mute: {name} is {row["state"]} ({row["code"]}), and gives no reason'
        if not row['verb'] and row['next_check'] is None:
            yield f'mute: {name} is {row["state"]} ({row["code"]}), and names no command'
        if row['state'] == states.HELD and row['next_check'] is None:
            yield f'forgotten: {name} is held, and never decided again'
        if row['code'] in PASSING_CODES:
            what = f'stuck: {name} is {row["state"]} ({row["code"]}), and all is well'
            yield f'{what}: {row["reason"]}'


def _endless(stage: Stage) -> Iterator[str]:
    """S12: requests to power off are limited. Who is killed in between may ask once more."""
    asked = Counter((event.subject, event.detail['outlet'])
                    for event in stage.world.trace.find('asked.off'))  # fmt: skip
    for (host, outlet), times in asked.items():
        rows = [row for row in stage.recoveries() if row['host'] == host]
        most = sum(row['round'] for row in rows) * 3 * stage.conf.fencing.attempts
        most += sum(row['epoch'] for row in rows)
        if times > most:
            yield f'S12: {host} ({outlet}) was told to power off {times} times'


def _unbudgeted(stage: Stage, actor: Actor) -> Iterator[str]:
    """S12: so many hosts at most are fenced within the window. What was fenced once, and has to
    be fenced again, is no other host."""
    policy, seen = stage.conf.policy, dict[str, Row]()
    for one in stage.rows(tables.intent):
        if one['action'] != 'power-off' or one['recovery'] in seen:
            continue
        since = one['at'] - policy.fence_window_seconds
        others = {row['host'] for row in seen.values() if row['at'] >= since} - {one['host']}
        if (
            len(others) >= policy.fence_budget
            and (one['recovery'], 'fence-budget') not in actor.people.approved
        ):
            yield f'S12: {one["host"]} was fenced after {len(others)} others'
        seen[one['recovery']] = one


def _mute_items(stage: Stage) -> Iterator[str]:
    """What was not moved says why."""
    for item in stage.rows(tables.item):
        if item['state'] in ('left', 'failed', 'unsettled') and not item['reason']:
            yield f'mute: {item["name"]} is {item["state"]}, and gives no reason'


def _lost(stage: Stage) -> Iterator[str]:
    """An instance that should run runs somewhere; or its host is still down, and its recovery
    has not ended or says why it stayed."""
    world = stage.world
    downs = {event.subject: event for event in world.trace.find('guest.shutdown')
             if event.detail.get('cause') == 'host'}  # fmt: skip
    for instance in world.instances.values():
        down = downs.get(instance.id)
        should = GUESTS.get(instance.vm_state) in ('running', 'paused')
        if down is None or not should or world.running_on(instance.id):
            continue
        said = _last_word(stage, instance.id, down.detail['host'], down.when)
        if said:
            yield f'lost: {instance.name} ({instance.vm_state}) went down with {said}'


def _last_word(stage: Stage, instance: str, host: str, when: float) -> str:
    """Of the recovery that dealt with that death of the host, when it claims that all is well.

    A later one may have found the instance elsewhere, and said why it runs no more.
    """
    began = stage.clock.now() - stage.clock.elapsed()
    items = {one['recovery']: one for one in stage.rows(tables.item)
             if one['instance'] == instance}  # fmt: skip
    newest = sorted(
        stage.recoveries(), key=lambda row: row['ended_at'] or float('inf'), reverse=True
    )
    for row in newest:
        item = items.get(row['id'])
        if item is not None and item['state'] != 'moved':
            return ''
        if row['host'] != host or row['kind'] != 'host-down':
            continue
        if row['state'] != states.DONE or (row['ended_at'] or 0) - began < when:
            return ''
        if item is None:
            return f'{host}, whose recovery {row["id"]} is done and does not know it'
        return f'{host}; its item of {row["id"]} is moved, and it runs nowhere'
    return ''


def counts(stage: Stage, actor: Actor) -> Counter[str]:
    """What happened, and how often."""
    found: Counter[str] = Counter()
    for row in stage.recoveries():
        code = f' ({row["code"]})' if row['state'] in (states.HELD, states.WAITING) else ''
        found[f'recoveries: {row["kind"]} {row["state"]}{code}'] += 1
        found['rounds'] += row['round']
        found['claims'] += row['epoch']
    for item in stage.rows(tables.item):
        found[f'items: {item["state"]}'] += 1
    for alarm in stage.rows(tables.alarm):
        found[f'alarms: {alarm["answer"]}'] += 1
    for event in stage.world.trace.events:
        if event.what in ('asked.off', 'asked.on', 'evacuate.accepted', 'evacuate.done'):
            found[f'world: {event.what}'] += 1
    for deed in actor.plan.deeds:
        found[f'deeds: {deed.line.split()[0]}'] += 1
    found['instances'] += len(stage.world.instances)
    found['requests judged for S7'] += actor.owners.seen
    return found
