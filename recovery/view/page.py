"""Everything that is shown of one recovery, read at one moment; as an object, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recovery.db.store import Store
from recovery.view import alarms, recoveries, steps, times
from recovery.view.documents.recoveries import item
from recovery.view.outlook import Outlook, holding, outlook
from recovery.view.recoveries import Items, Recovery
from recovery.view.steps import Phase, Step

TROUBLE = ('failed', 'unsettled', 'left')
HELD_STATES = ('held', 'waiting')
_MOMENTS = ('created_at', 'started_at', 'ended_at', 'next_check')
_KEYS = ('id', 'kind', 'host', 'subject', 'state', 'phase', 'round', 'code', 'reason', 'worker')
_MORE = ('claims', 'requested_by', 'approved_by', 'superseded_by', 'undoing', 'notes')
_SAID = ('source', 'kind', 'subject')


@dataclass(frozen=True)
class Page:
    """One recovery in full."""

    recovery: Recovery
    phases: Sequence[Phase]
    outlook: Outlook
    trouble: Sequence[Any]
    holding: Sequence[Any]
    alarm: Any
    now: float


def read(store: Store, given: str) -> Page:
    """Read a page. Raises recovery.view.ids.Unknown."""
    recovery = recoveries.recovery(store, given)
    with store.read() as connection:
        gates = holding(connection, recovery.id) if recovery.state in HELD_STATES else []
    troubled = any(recovery.items.counts.get(state) for state in TROUBLE)
    return Page(
        recovery=recovery,
        phases=steps.tree(store, recovery),
        outlook=outlook(store, recovery),
        trouble=recoveries.items(store, recovery.id, TROUBLE) if troubled else (),
        holding=gates,
        alarm=alarms.of_recovery(store, recovery.row),
        now=store.clock.now(),
    )


def described(page: Page) -> dict[str, Any]:
    """A page for machines. Its keys are interface."""
    row = page.recovery.row
    return {
        **{key: row[key] for key in (*_KEYS, *_MORE)},
        **{key: times.stamp(row[key]) for key in _MOMENTS},
        'alarm': row['alarm'],
        'items': dict(page.recovery.items.counts),
        'held_by': page.outlook.sentence,
        'next': page.outlook.verb,
        'waits_for_human': page.outlook.human,
        'steps': [_step(step, page.now) for phase in page.phases for step in phase.steps],
        'approved_reason': row['approved_reason'],
        'at': times.stamp(page.now),
        'said': _said(page.alarm),
        'holding': [dict(gate) for gate in page.holding],
        'trouble': [item(one) for one in page.trouble],
    }


def _step(step: Step, now: float) -> dict[str, Any]:
    spent = step.duration(now)
    return {
        'phase': step.phase,
        'name': step.name,
        'state': step.state,
        'seconds': None if spent is None else round(spent, 3),
        'attempt': step.attempt,
        'message': step.message,
        'started_at': times.stamp(step.started_at),
        'ended_at': times.stamp(step.ended_at),
    }


def _said(alarm: Any) -> dict[str, Any] | None:
    if alarm is None:
        return None
    return {key: alarm[key] for key in _SAID} | {'at': times.stamp(alarm['at'])}


def page_of(document: Mapping[str, Any]) -> Page:
    """What :func:`described` said, as a page again: moments are exact to the millisecond."""
    row = {key: document[key] for key in (*_KEYS, *_MORE, 'alarm', 'approved_reason')}
    row |= {key: times.parsed(document[key]) for key in _MOMENTS}
    said, now = document['said'], times.parsed(document['at'])
    assert now is not None
    return Page(
        recovery=Recovery(row, Items(document['items'])),
        phases=_phases(document['steps']),
        outlook=Outlook(document['held_by'], document['next'], document['waits_for_human']),
        trouble=[_item_of(one) for one in document['trouble']],
        holding=document['holding'],
        alarm=said and {**said, 'at': times.parsed(said['at'])},
        now=now,
    )


def _item_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    moments = ('started_at', 'ended_at')
    return {**document, **{key: times.parsed(document[key]) for key in moments}}


def _phases(documents: Sequence[Mapping[str, Any]]) -> tuple[Phase, ...]:
    found = [
        Step(
            one['phase'],
            one['name'],
            one['state'],
            times.parsed(one['started_at']),
            times.parsed(one['ended_at']),
            one['attempt'],
            one['message'],
        )
        for one in documents
    ]
    return tuple(
        Phase(name, tuple(step for step in found if step.phase == name))
        for name in dict.fromkeys(step.phase for step in found)
    )
