"""What is told on the bus: one message for each piece of news, of the form of its schema.

``key`` names the news: told twice, because nobody knew whether it had arrived, it has the same one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from recovery.claims.ledger import STEPS
from recovery.db import states
from recovery.view.times import precise

#: The major part changes when a receiver may have to change; a new field raises the minor one.
VERSION = '1.0'
HELD, STARTED, STEP = 'recovery.held', 'recovery.started', 'recovery.step'
WAITING, ENDED = 'recovery.waiting', 'recovery.ended'
EVENT, SKIPPED = 'recovery.event', 'recovery.skipped'
OF_STATE = {states.HELD: HELD, states.WAITING: WAITING}
FIELDS = ('id', 'kind', 'host', 'subject', 'state', 'phase', 'round', 'code', 'reason', 'verb',
          'requested_by')  # fmt: skip
TIMES = ('created_at', 'started_at', 'ended_at')


@dataclass(frozen=True)
class Message:
    """One piece of news."""

    type: str
    key: str
    at: float  #: when it happened; seconds since 1970 UTC
    recovery: Mapping[str, Any] | None = None  #: its row as it is now
    more: Mapping[str, Any] | None = None

    def payload(self) -> dict[str, Any]:
        """As it is sent."""
        told = None if self.recovery is None else _recovery(self.recovery)
        body = {'version': VERSION, 'key': self.key, 'at': precise(self.at), 'recovery': told}
        return body | dict(self.more or {})


def of_event(row: Mapping[str, Any], recovery: Mapping[str, Any] | None) -> Message:
    """A sentence of a story, of a recovery or of the service."""
    told = {name: row[name] for name in ('who', 'what', 'why')}
    return Message(EVENT, f'event:{row["id"]}', row['at'], recovery, {'event': told})


def of_recovery(row: Mapping[str, Any], items: Mapping[str, int]) -> Iterator[Message]:
    """Everything that this round of a recovery has come to, in order.

    What lasted for less than a look, such as a hold that was approved at once, is told by what
    followed it.
    """
    name = f'{row["id"]}:{row["round"]}'
    steps = sorted(row['notes'].get(STEPS, {}).get(str(row['round']), {}).items(),
                   key=lambda step: step[1])  # fmt: skip
    if steps or row['state'] == states.RUNNING:
        began = steps[0][1] if steps else row['updated_at']
        yield Message(STARTED, f'{name}:started', began, row)
    for step, at in steps:
        yield Message(STEP, f'{name}:step:{step}', at, row, {'step': step})
    state = row['state']
    if state in OF_STATE:
        # Two waits of one round have two owners, or two reasons.
        key = f'{name}:{row["epoch"]}:{state}:{row["code"] or ""}'
        yield Message(OF_STATE[state], key, row['updated_at'], row)
    elif state in states.ENDED:
        more = {'items': dict(items)}
        yield Message(ENDED, f'{name}:{state}', row['ended_at'] or row['updated_at'], row, more)


def of_skipped(count: int, first: int, last: int, now: float) -> Message:
    """So many sentences were too old to be told any more."""
    more = {'skipped': count}
    return Message(SKIPPED, f'skipped:{first}-{last}', now, None, more)


def _recovery(row: Mapping[str, Any]) -> dict[str, Any]:
    times = {name: precise(row[name]) or None for name in TIMES}
    return {name: row[name] for name in FIELDS} | times


@cache
def schema() -> dict[str, Any]:
    """The JSON schema of all payloads."""
    text = Path(__file__).with_name('notification.schema.json').read_text(encoding='utf-8')
    found: dict[str, Any] = json.loads(text)
    return found
