"""Orders about a scope, which is the cloud, a segment or a host: switches and windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from recovery.db import scopes
from recovery.db.store import Store
from recovery.db.windows import Window
from recovery.operate import service, windows
from recovery.operate.stranger import doubt
from recovery.view import times
from recovery.view.documents.windows import one

Order = Mapping[str, Any]
Done = dict[str, Any]


def scope_of(order: Order) -> str:
    """The scope that ``segment`` or ``host`` of an order names; without both, the cloud."""
    if order.get('host') is not None:
        return scopes.host(order['host'])
    if order.get('segment') is not None:
        return scopes.segment(order['segment'])
    return scopes.CLOUD


def switch(store: Store, order: Order, *, by: str) -> Done:
    """Pause, unpause, arm or disarm a scope.

    :raises recovery.operate.refusal.Refusal: it is so already.
    """
    scope = scope_of(order)
    done = SWITCHES[order['action']](store, scope, by, order.get('reason', ''))
    return {'action': order['action'], 'scope': scope} | done


def _pause(store: Store, scope: str, by: str, reason: str) -> Done:
    service.pause(store, by=by, reason=reason, scope=scope)
    verb = f'recovery unpause{scopes.flags(scope)}'
    return {'said': [f'paused: {scopes.words(scope)}', *doubt(store, scope)], 'next': verb}


def _unpause(store: Store, scope: str, by: str, reason: str) -> Done:
    still = service.unpause(store, by=by, reason=reason, scope=scope)
    return _over(f'the pause of {scopes.words(scope)} is over', still)


def _disarm(store: Store, scope: str, by: str, reason: str) -> Done:
    service.disarm(store, by=by, reason=reason, scope=scope)
    verb = f'recovery arm{scopes.flags(scope)}'
    return {'said': [f'disarmed: {scopes.words(scope)}', *doubt(store, scope)], 'next': verb}


def _arm(store: Store, scope: str, by: str, reason: str) -> Done:
    still = service.arm(store, by=by, reason=reason, scope=scope)
    return _over(f'armed: {scopes.words(scope)}', still)


def _over(what: str, still: str) -> Done:
    return {'said': [what, *([f'but {still}'] if still else [])], 'next': ''}


SWITCHES: Mapping[str, Callable[[Store, str, str, str], Done]] = {
    'pause': _pause,
    'unpause': _unpause,
    'disarm': _disarm,
    'arm': _arm,
}


def add_window(store: Store, order: Order, *, by: str) -> Done:
    """Leave a scope alone for a time.

    :param order: ``ends_at``, maybe ``begins_at``, both seconds since 1970 UTC; ``reason``.
    :raises recovery.operate.refusal.Refusal: it would never be open, or for too long.
    """
    added = windows.add(
        store,
        scope=scope_of(order),
        begins_at=order.get('begins_at'),
        ends_at=order['ends_at'],
        by=by,
        reason=order['reason'],
    )
    words, until = scopes.words(added.scope), times.moment(added.ends_at)
    return {
        'said': [
            f'window {added.id[:8]} of {words} ends at {until}',
            *doubt(store, added.scope),
        ],
        'next': f'recovery window close {added.id[:8]}',
        'window': one(added, store.clock.now()),
    }


def close_window(store: Store, window: Window, *, by: str, reason: str) -> Done:
    """End a window before its time. Raises Refusal when it has ended."""
    windows.close(store, window, by=by, reason=reason)
    said = f'window {window.id[:8]} of {scopes.words(window.scope)} is closed'
    return {'action': 'close', 'said': [said], 'next': ''}
