"""Maintenance windows: adding one, and ending one before its time."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db import scopes, windows
from recovery.db.store import Store
from recovery.db.windows import Window
from recovery.operate.refusal import Nothing, Refusal

LONGEST_SECONDS = 90 * 86400.0  #: a longer one is forgotten before it ends


def add(
    store: Store,
    *,
    scope: str,
    begins_at: float | None,
    ends_at: float,
    by: str,
    reason: str,
) -> Window:
    """Leave a scope alone from one time to another.

    :param begins_at: seconds since 1970 UTC; None: now.
    :raises Refusal: it would end before it begins, or never be open, or for too long.
    """
    now = store.clock.now()
    begins = now if begins_at is None else begins_at
    if ends_at <= now:
        raise Refusal('that window would have ended already: give an --end that is to come')
    if ends_at <= begins:
        raise Refusal('that window would end before it begins')
    if ends_at - begins > LONGEST_SECONDS:
        raise Refusal(
            f'a window lasts at most {LONGEST_SECONDS / 86400:.0f} days: a longer one is '
            'forgotten before it ends'
        )
    window = Window(store.clock.new_id(), scope, begins, ends_at, by, reason, now)
    store.transact(lambda connection: windows.add(connection, window))
    return window


def find(store: Store, beginning: str) -> Window:
    """The window whose id begins so. Raises Refusal when it is none, or not one."""
    with store.read() as connection:
        found = windows.alike(connection, beginning)
    if not found:
        raise Nothing(f'there is no window {beginning}', 'recovery window list --all')
    if len(found) > 1:
        raise Refusal(f'more than one window begins with {beginning}: give more of its id')
    return found[0]


def close(store: Store, window: Window, *, by: str, reason: str) -> None:
    """End a window before its time. Raises Refusal when it has ended."""

    def work(connection: sa.Connection) -> None:
        now = store.clock.now()
        state = window.state(now)
        if state in ('closed', 'over') or not windows.close(
            connection, window, by=by, reason=reason, now=now
        ):
            raise Refusal(
                f'window {window.id[:8]} of {scopes.words(window.scope)} has ended already',
                'recovery window list --all',
            )

    store.transact(work)
