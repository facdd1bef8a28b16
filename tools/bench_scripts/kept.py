"""What a database holds that has long been in use: recoveries that ended, with all of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from recovery.db import states, tables
from recovery.db.store import Store

HOSTS = 500
STEPS = ('disable-service', 'power-off', 'force-down', 'evacuate', 'evacuate')
ROWS_AT_ONCE = 500  #: recoveries
AGO = 30 * 86400.0


def fill(store: Store, count: int) -> None:
    """Add so many recoveries that have ended, spread over the last month and many hosts."""
    now = store.clock.now()
    for first in range(0, count, ROWS_AT_ONCE):
        rows = [
            _one(store, number, now - AGO + number * (AGO - 86400.0) / count)
            for number in range(first, min(first + ROWS_AT_ONCE, count))
        ]
        with store.write() as connection:
            for name in ('recovery', 'intent', 'item', 'decision', 'event', 'alarm'):
                table = tables.META.tables[name]
                connection.execute(sa.insert(table), [row for one in rows for row in one[name]])
    if store.url.get_backend_name() == 'sqlite':
        with store.read() as connection:  # as it is after a month, not right after a flood
            connection.exec_driver_sql('PRAGMA wal_checkpoint(TRUNCATE)')


def _one(store: Store, number: int, at: float) -> dict[str, list[dict[str, Any]]]:
    recovery, host = store.clock.new_id(), f'old-{number % HOSTS:04d}'
    alarm = store.clock.new_id()
    return {
        'recovery': [_recovery(recovery, host, alarm, at)],
        'intent': list(_intents(recovery, host, at)),
        'item': list(_items(store, recovery, host, at)),
        'decision': [
            {'recovery': recovery, 'alarm': alarm, 'stage': stage, 'answer': 'admit', 'gate': '',
             'reason': 'every gate admits it', 'gates': [], 'at': at}
            for stage in ('intake', 'verify', 'line')
        ],
        'event': [
            {'recovery': recovery, 'at': at, 'who': 'w1', 'what': f'step {turn}', 'why': ''}
            for turn in range(8)
        ],
        'alarm': [
            {'id': alarm, 'source': 'bench', 'key': alarm, 'kind': 'host-down', 'subject': host,
             'at': at, 'arrived_at': at, 'evidence': {}, 'raw': '', 'requested_by': 'bench',
             'repeats': 0, 'answer': 'admit', 'reason': 'bench', 'recovery': recovery}
        ],
    }  # fmt: skip


def _recovery(recovery: str, host: str, alarm: str, at: float) -> dict[str, Any]:
    return {
        'id': recovery, 'kind': 'host-down', 'subject': host, 'host': host, 'state': states.DONE,
        'open_key': None, 'alarm': alarm, 'arguments': {}, 'notes': {}, 'requested_by': 'bench',
        'round': 1, 'epoch': 1, 'beats': 20, 'claims': 0, 'undoing': False, 'approved_gates': [],
        'created_at': at, 'updated_at': at, 'started_at': at, 'ended_at': at + 60.0,
    }  # fmt: skip


def _intents(recovery: str, host: str, at: float) -> Iterator[dict[str, Any]]:
    for action in STEPS:
        yield {
            'recovery': recovery, 'round': 1, 'epoch': 1, 'host': host, 'action': action,
            'target': host, 'observed': {}, 'at': at, 'outcome': 'sent', 'ended_at': at,
        }  # fmt: skip


def _items(store: Store, recovery: str, host: str, at: float) -> Iterator[dict[str, Any]]:
    for turn in range(4):
        yield {
            'recovery': recovery, 'instance': store.clock.new_id(), 'name': f'vm-{turn}',
            'source': host, 'state': 'moved', 'reason': '', 'vm_state': 'active',
            'keep_stopped': False, 'priority': 0, 'round': 1, 'started_at': at,
            'ended_at': at + 60.0,
        }  # fmt: skip
