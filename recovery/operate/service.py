"""Switches of the whole service, and the maintenance of one host."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db import guards, hosts
from recovery.db.store import Store
from recovery.operate.refusal import Refusal


def pause(store: Store, *, by: str, reason: str) -> None:
    """Stop before the next outside effect, everywhere. Raises Refusal when it is paused."""

    def work(connection: sa.Connection) -> None:
        if (found := guards.paused(connection)) is not None:
            raise Refusal(f'it is paused already, by {found.by}: {found.reason}')
        guards.pause(connection, by=by, reason=reason, now=store.clock.now())

    store.transact(work)


def unpause(store: Store, *, by: str, reason: str) -> None:
    """Go on. Raises Refusal when it is not paused."""

    def work(connection: sa.Connection) -> None:
        if guards.paused(connection) is None:
            raise Refusal('it is not paused')
        guards.unpause(connection, by=by, reason=reason, now=store.clock.now())

    store.transact(work)


def disarm(store: Store, *, by: str, reason: str) -> None:
    """Hold every recovery that has not begun. Raises Refusal when it is disarmed."""

    def work(connection: sa.Connection) -> None:
        if (found := guards.disarmed(connection)) is not None:
            raise Refusal(f'it is disarmed already, by {found.by}: {found.reason}')
        guards.disarm(connection, by=by, reason=reason, now=store.clock.now())

    store.transact(work)


def arm(store: Store, *, by: str, reason: str) -> None:
    """Let recoveries begin. Raises Refusal when it is armed."""

    def work(connection: sa.Connection) -> None:
        if guards.disarmed(connection) is None:
            raise Refusal('it is armed')
        guards.arm(connection, by=by, reason=reason, now=store.clock.now())

    store.transact(work)


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
