"""What holds a recovery, and the one command that moves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recovery.db import (
    decisions,
    events,
    guards,
    hosts,
    intents,
    scopes,
    spares,
    states,
    tables,
    workers,
)
from recovery.db.store import Store
from recovery.view import times
from recovery.view.ids import short
from recovery.view.recoveries import Recovery

LEFT = 'left to another worker'  #: what a worker tells that lacks a part of the flow
#: Gates that open by themselves, sooner or later.
PASSING = frozenset({'nova', 'records', 'settled', 'start-up', 'storm', 'window'})


@dataclass(frozen=True)
class Outlook:
    """One sentence, and one command ('' when there is nothing to be done)."""

    sentence: str
    verb: str = ''
    human: bool = False  #: it probably stays so until a human moves it


def outlook(store: Store, recovery: Recovery) -> Outlook:
    """What holds it now."""
    row = recovery.row
    if recovery.state in (states.HELD, states.WAITING):
        return _held(store, recovery)
    if recovery.state == states.READY:
        return _ready(store, recovery)
    if recovery.state == states.RUNNING:
        wish = f'; {row["wish_by"]} asked for it to end' if row['wish'] else ''
        doing = 'undone' if row['undoing'] else 'run'
        return Outlook(f'is being {doing} by {row["worker"]}{wish}')
    return _ended(store, recovery)


def holding(connection: sa.Connection, identifier: str) -> list[Mapping[str, Any]]:
    """The gates that held by the newest decision about a recovery, as they were recorded."""
    newest = decisions.newest(connection, identifier)
    gates = newest['gates'] if newest is not None else ()
    return [gate for gate in gates if gate['answer'] == 'hold']


def _held(store: Store, recovery: Recovery) -> Outlook:
    row = recovery.row
    verb = row['verb'] or ''
    if not verb and recovery.state == states.HELD:
        verb = f'recovery approve {short(recovery.id)}'
    reason = row['reason'] or 'no reason was recorded'
    # One that owes reserved hosts is woken, and does nothing but give them back.
    if row['next_check'] is None or spares.OWED in row['notes']:
        return Outlook(f'{reason}; only a human moves it', verb, human=True)
    human = recovery.state == states.HELD and row['code'] not in PASSING
    return Outlook(f'{reason}; {_again(store, row["next_check"])}', verb, human)


def _again(store: Store, at: float) -> str:
    now = store.clock.now()
    with store.read() as connection:
        if not workers.decide_again(connection, now):
            return 'nobody looks at it again: no watcher is alive, start recovery-watcher'
    return (
        f'looked at again in {times.span(at - now)}' if at > now else 'about to be looked at again'
    )


def _ready(store: Store, recovery: Recovery) -> Outlook:
    with store.read() as connection:
        running = workers.running(connection, store.clock.now())
        paused = guards.paused(connection, recovery.host)
    if not running:
        return Outlook(
            'wants a worker, and none is alive: start recovery-worker', 'recovery worker list'
        )
    if all(one.draining_at is not None for one in running):
        by = ', '.join(sorted({one.draining_by or 'somebody' for one in running}))
        said = f'wants a worker, and each that is alive drains, by {by}'
        return Outlook(said, 'recovery worker drain --all --undo', human=True)
    if paused is not None:
        said = f'{scopes.words(paused.scope)} was paused by {paused.by}: {paused.reason}'
        return Outlook(said, f'recovery unpause{scopes.flags(paused.scope)}')
    if said := _left_by_workers(store, recovery.id):
        return Outlook(f'wants a worker that can run it: {said}', 'recovery worker list')
    undoing = ' to undo what was done' if recovery.row['undoing'] else ''
    return Outlook(f'wants a worker{undoing}; one will take it')


def _left_by_workers(store: Store, identifier: str) -> str:
    """Why the last worker that took it let others have it; '' when none did."""
    with store.read() as connection:
        story = events.of_recovery(connection, identifier)
    return f'{story[-1]["who"]}: {story[-1]["why"]}' if story and story[-1]['what'] == LEFT else ''


def _ended(store: Store, recovery: Recovery) -> Outlook:
    row, name = recovery.row, short(recovery.id)
    reason = f': {row["reason"]}' if row['reason'] else ''
    if recovery.state == states.SUPERSEDED and row['superseded_by']:
        return Outlook(
            'a recovery that takes precedence took over its host',
            f'recovery show {short(row["superseded_by"])}',
        )
    if recovery.state == states.DONE_WITH_FAILURES:
        said = f'ended, but not all is well{reason}'
        return Outlook(said, f'recovery rerun {name} --items failed')
    sentence = f'{states.MEANINGS[recovery.state]}{reason}'
    if recovery.state == states.DONE and row['kind'] == 'host-return':
        return Outlook(f'{recovery.host} is back in service')
    if recovery.state == states.DONE and row['kind'] in _DONE:
        return _DONE[row['kind']](row, (row['notes'] or {}).get('outcome', {}))
    if recovery.state == states.EXPIRED:
        return Outlook(sentence, f'recovery rerun {name}')
    if row['kind'] == 'host-down' and _left_out(store, row):
        return Outlook(
            f'{sentence}; {recovery.host} itself is still out of service',
            f'recovery host return {recovery.host}',
        )
    return Outlook(sentence)


def _restarted(row: Mapping[str, Any], outcome: Mapping[str, Any]) -> Outlook:
    if outcome.get('restarted'):
        return Outlook(f'the instance was restarted on {row["host"]}')
    return Outlook('there was nothing to be done: recovery history says why')


def _reopened(row: Mapping[str, Any], outcome: Mapping[str, Any]) -> Outlook:
    host = row['host']
    if outcome.get('enabled'):
        return Outlook(f'{host} is open to the scheduler again')
    return Outlook(f'{host} was left closed to the scheduler', f'recovery host return {host}')


_DONE = {'instance-down': _restarted, 'service-down': _reopened}


def _left_out(store: Store, row: Mapping[str, Any]) -> bool:
    """Whether this recovery was the last to do anything to its host, and left it out of service.

    One that was cancelled may have ended before it marked the host.
    """
    other = tables.recovery
    with store.read() as connection:
        host = hosts.get(connection, row['host'])
        later = sa.select(other.c.id).where(
            other.c.host == row['host'], other.c.created_at > row['created_at']
        )
        if host.failed_by is not None or row['state'] == states.DONE:
            return bool(host.failed_by == row['id'])
        left = row['state'] == states.CANCELLED and intents.of_recovery(connection, row['id'])
        return bool(left) and connection.execute(later.limit(1)).first() is None
