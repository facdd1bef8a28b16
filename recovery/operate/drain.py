"""Draining workers: they take nothing new, and end what they run or let go of it."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from recovery.db import workers
from recovery.db.store import Store
from recovery.operate.change import tell
from recovery.operate.refusal import Nothing, Refusal

NOBODY_LEFT = (
    'nobody would be left to take new recoveries: hosts that fail would wait until a worker is '
    'started or the drain is undone. Start another worker first, or give --force'
)


def drain(
    store: Store,
    name: str | None,
    *,
    by: str,
    reason: str,
    force: bool = False,
    at_once: bool = False,
) -> tuple[str, ...]:
    """Let a worker, or with None every living one, take no new recovery. Returns their names.

    :param name: or the beginning of one that no other has.
    :param force: also when nobody is left who would take new recoveries.
    :param at_once: they let go of what they run, as if they were stopped; one may drain already.
    :raises Refusal: there is no such worker, or it would be the last.
    """

    def work(connection: sa.Connection) -> tuple[str, ...]:
        now = store.clock.now()
        alive = workers.running(connection, now)
        chosen = [_one(alive, name)] if name is not None else list(alive)
        if not chosen:
            raise Refusal('no worker is alive', 'recovery worker list')
        if name is not None and chosen[0].draining_at is not None and not at_once:
            raise Refusal(f'{chosen[0].name} drains already, by {chosen[0].draining_by}')
        names = {one.name for one in chosen}
        left = [one for one in alive if one.draining_at is None and one.name not in names]
        if not left and not force:
            raise Refusal(NOBODY_LEFT)
        fresh = tuple(one.name for one in chosen if one.draining_at is None)
        workers.drain(connection, fresh, by=by, now=now)
        for one in fresh:
            what = f'worker {one} drains: it takes no new recovery'
            tell(connection, None, now, by=by, what=what, why=reason)
        return _let_go(connection, names, by, reason, now) if at_once else fresh

    return store.transact(work)


def undo(store: Store, name: str | None, *, by: str, reason: str) -> tuple[str, ...]:
    """Let a worker, or with None every draining one, take recoveries again. Returns their names.

    :raises Refusal: there is no such worker, or it does not drain.
    """

    def work(connection: sa.Connection) -> tuple[str, ...]:
        now = store.clock.now()
        alive = workers.running(connection, now)
        chosen = [_one(alive, name)] if name is not None else list(alive)
        names = tuple(one.name for one in chosen if one.draining_at is not None)
        if not names:
            who = 'no worker drains' if name is None else f'{chosen[0].name} does not drain'
            raise Refusal(who, 'recovery worker list')
        workers.undrain(connection, names)
        for one in names:
            what = f'worker {one} takes recoveries again'
            tell(connection, None, now, by=by, what=what, why=reason)
        return names

    return store.transact(work)


def _let_go(
    connection: sa.Connection, names: Iterable[str], by: str, reason: str, now: float
) -> tuple[str, ...]:
    which = tuple(sorted(names))
    workers.let_go(connection, which, by=by, reason=reason, now=now)
    for one in which:
        what = f'worker {one} lets go of what it runs: others go on with it'
        tell(connection, None, now, by=by, what=what, why=reason)
    return which


def _one(alive: tuple[workers.Running, ...], name: str) -> workers.Running:
    exact = [one for one in alive if one.name == name]
    found = exact or [one for one in alive if one.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        said = ', '.join(one.name for one in found)
        raise Refusal(f'{name!r} could be {said}: give more of the name')
    raise Nothing(
        f'no worker that lives is called {name!r}; a watcher has nothing to drain',
        'recovery worker list',
    )
