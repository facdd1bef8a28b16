"""Orders about one recovery: approve, reject, cancel, rerun, settle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from recovery.db.store import Store
from recovery.operate.cancel import How, Outcome, cancel
from recovery.operate.hold import approve, reject
from recovery.operate.rerun import Which, rerun
from recovery.operate.settle import Seen, settle
from recovery.view.ids import short

Order = Mapping[str, Any]
Done = dict[str, Any]


def give(store: Store, identifier: str, order: Order, *, by: str) -> Done:
    """Do what is asked of a recovery.

    :param identifier: its whole id.
    :param order: ``action``, ``reason``, and what the action takes.
    :raises recovery.operate.refusal.Refusal: nothing was changed.
    """
    done = ACTIONS[order['action']](store, identifier, order, by, order.get('reason', ''))
    return {'action': order['action'], 'recovery': identifier} | done


def _watch(identifier: str) -> str:
    return f'recovery watch {short(identifier)}'


def _approve(store: Store, identifier: str, order: Order, by: str, reason: str) -> Done:
    gates = approve(store, identifier, by=by, reason=reason, seen=order.get('seen'))
    said = [f'approved: {", ".join(gates)}']
    return {'said': said, 'next': _watch(identifier), 'gates': list(gates)}


def _reject(store: Store, identifier: str, order: Order, by: str, reason: str) -> Done:
    reject(store, identifier, by=by, reason=reason)
    return {'said': ['rejected: nothing was or will be done'], 'next': ''}


def _cancel(store: Store, identifier: str, order: Order, by: str, reason: str) -> Done:
    outcome = cancel(store, identifier, How(order['how']), by=by, reason=reason)
    said, verb = {
        Outcome.ENDED: ('cancelled', f'recovery show {short(identifier)}'),
        Outcome.UNDOING: ('a worker will undo what was done, and end it', _watch(identifier)),
        Outcome.ASKED: ('its worker will see this at its next step', _watch(identifier)),
    }[outcome]
    return {'said': [said], 'next': verb, 'outcome': outcome.value}


def _rerun(store: Store, identifier: str, order: Order, by: str, reason: str) -> Done:
    which = Which(order.get('items', Which.FAILED.value))
    number = rerun(store, identifier, which, by=by, reason=reason)
    return {'said': [f'round {number} begins'], 'next': _watch(identifier), 'round': number}


def _settle(store: Store, identifier: str, order: Order, by: str, reason: str) -> Done:
    seen = Seen(order['as'])
    name = settle(store, identifier, order['instance'], seen, by=by, reason=reason)
    return {'said': [f'{name} is {seen.value}'], 'next': _watch(identifier), 'instance': name}


ACTIONS: Mapping[str, Callable[[Store, str, Order, str, str], Done]] = {
    'approve': _approve,
    'reject': _reject,
    'cancel': _cancel,
    'rerun': _rerun,
    'settle': _settle,
}
