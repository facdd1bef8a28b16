"""Switches of the service, a segment or a host; and the maintenance of one host."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db import guards, hosts, scopes
from recovery.db.scopes import CLOUD
from recovery.db.store import Store
from recovery.operate.refusal import Refusal


def pause(store: Store, *, by: str, reason: str, scope: str = CLOUD) -> None:
    """Stop before the next outside effect, everywhere in the scope. Raises Refusal when it is
    paused."""

    def work(connection: sa.Connection) -> None:
        if (found := _paused(connection, scope)) is not None:
            raise Refusal(f'{_it(scope)} is paused already, by {found.by}: {found.reason}')
        guards.pause(connection, by=by, reason=reason, now=store.clock.now(), scope=scope)

    store.transact(work)


def unpause(store: Store, *, by: str, reason: str, scope: str = CLOUD) -> str:
    """Go on. Returns what still pauses the scope, as a sentence, or ''. Raises Refusal when it is
    not paused."""

    def work(connection: sa.Connection) -> str:
        if _paused(connection, scope) is None:
            raise Refusal(f'{_it(scope)} is not paused', _wider(connection, 'unpause', scope))
        guards.unpause(connection, by=by, reason=reason, now=store.clock.now(), scope=scope)
        return _still(connection, guards.paused(connection, _host(scope)), 'paused')

    return store.transact(work)


def disarm(store: Store, *, by: str, reason: str, scope: str = CLOUD) -> None:
    """Hold every recovery that has not begun. Raises Refusal when it is disarmed."""

    def work(connection: sa.Connection) -> None:
        if (found := _disarmed(connection, scope)) is not None:
            raise Refusal(f'{_it(scope)} is disarmed already, by {found.by}: {found.reason}')
        guards.disarm(connection, by=by, reason=reason, now=store.clock.now(), scope=scope)

    store.transact(work)


def arm(store: Store, *, by: str, reason: str, scope: str = CLOUD) -> str:
    """Let recoveries begin. Returns what is still disarmed around it, or ''. Raises Refusal when
    it is armed."""

    def work(connection: sa.Connection) -> str:
        if _disarmed(connection, scope) is None:
            raise Refusal(f'{_it(scope)} is armed', _wider(connection, 'arm', scope))
        guards.arm(connection, by=by, reason=reason, now=store.clock.now(), scope=scope)
        return _still(connection, guards.disarmed(connection, _host(scope)), 'disarmed')

    return store.transact(work)


def _paused(connection: sa.Connection, scope: str) -> guards.Guard | None:
    found = guards.get(connection, guards.PAUSED, scope)
    return found if found is not None and found.value else None


def _disarmed(connection: sa.Connection, scope: str) -> guards.Guard | None:
    found = guards.get(connection, guards.ARMED, scope)
    return found if found is not None and not found.value else None


def _it(scope: str) -> str:
    return 'it' if scope == CLOUD else f'{scopes.words(scope)} itself'


def _host(scope: str) -> str:
    return scope.removeprefix('host:') if scope.startswith('host:') else ''


def _wider(connection: sa.Connection, verb: str, scope: str) -> str:
    """The command that ends what stops this scope from around it; '' when nothing does."""
    ask = guards.paused if verb == 'unpause' else guards.disarmed
    found = ask(connection, _host(scope))
    return f'recovery {verb}{scopes.flags(found.scope)}' if found is not None else ''


def _still(connection: sa.Connection, found: guards.Guard | None, how: str) -> str:
    if found is None:
        return ''
    return f'{scopes.words(found.scope)} is still {how}, by {found.by}: {found.reason}'


def maintain(store: Store, host: str, on: bool, *, by: str, reason: str) -> None:
    """Set or end the operator's maintenance of a host. Raises Refusal when it is so already."""

    def work(connection: sa.Connection) -> None:
        known = hosts.get(connection, host)
        if known.maintenance and on:
            raise Refusal(
                f'{host} is in maintenance already, by {known.maintenance_by}: '
                f'{known.maintenance_reason}'
            )
        if not known.maintenance and not on:
            raise Refusal(f'{host} is not in maintenance', f'recovery host show {host}')
        guards.maintain(connection, host, on, by=by, reason=reason, now=store.clock.now())

    store.transact(work)
