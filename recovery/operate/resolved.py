"""A source says that what it raised is over.

That may only mean that it has stopped looking: nothing is ever undone below the line because of
it, and by default it is told in the story and changes nothing.
"""

from __future__ import annotations

import sqlalchemy as sa

from drivers.contracts.alarms import Resolved
from recovery.db import alarms, events, intents, recoveries, states
from recovery.intake.naming import SPELLED
from recovery.operate.cancel import How, Outcome, cancel_in
from recovery.operate.refusal import Refusal
from recovery.policy.gates.nova import OVER
from recovery.site import Site
from recovery.view.ids import short

ENDS = {
    Outcome.ENDED: 'is cancelled',
    Outcome.UNDOING: 'is given back by a worker, and ends then',
    Outcome.ASKED: 'ends at the next step of its worker',
}
KEPT = 'it is told in the story of the recovery, and nothing else'


def resolved(site: Site, said: Resolved, *, ends: bool) -> str:
    """Take note of it. Returns a sentence.

    :param ends: end the recovery, if it has no intent to power off and nobody else wants it.
    :raises flows.stop.StoreAway: to be sent again.
    """
    with site.store.read() as connection:
        mine = [row for row in alarms.open_of(connection, said.source) if _means(said, row)]
        found = sorted({row['recovery'] for row in mine})
    if not found:
        return 'no open recovery is about it'
    over = frozenset(row['id'] for row in mine)
    return '; '.join(_one(site, said, one, over, ends=ends) for one in found)


def _means(said: Resolved, row: sa.RowMapping) -> bool:
    if row['kind'] != said.kind:
        return False
    if said.key:
        if row['key'] == said.key:
            return True
        if not row['key'].startswith(f'{said.key}@'):
            return False  # else one key for several hosts: it is said of one of them
    return said.subject in (row['subject'], (row['evidence'] or {}).get(SPELLED))


def _one(site: Site, said: Resolved, recovery: str, over: frozenset[str], *, ends: bool) -> str:
    name, stays = short(recovery), KEPT
    if ends:
        try:
            outcome = site.store.transact(lambda one: _end(site, one, said, recovery, over))
            return f'recovery {name} {ENDS[outcome]}'
        except Refusal as refusal:
            stays = refusal.sentence
    _tell(site, said, recovery, stays)
    return f'recovery {name} goes on: {stays}'


def _end(
    site: Site, connection: sa.Connection, said: Resolved, recovery: str, over: frozenset[str]
) -> Outcome:
    """End it. Raises Refusal when it goes on, with why."""
    recoveries.lock_live(connection, recovery)  # whoever joins it now is seen, or sees its end
    if why := _stays(connection, recovery, over):
        raise Refusal(why, f'recovery show {short(recovery)}')
    outcome = cancel_in(
        connection,
        site.store,
        recovery,
        How.UNDO,
        by=said.source,
        reason='the source says it is over',
        code=OVER.name,
    )
    alarms.over(connection, recovery, said.source)
    return outcome


def _stays(connection: sa.Connection, recovery: str, over: frozenset[str]) -> str:
    """Why the recovery goes on; '' when it may be ended.

    :param over: the alarms of which it is said.
    """
    row = recoveries.get(connection, recovery)
    assert row is not None
    if row['state'] in states.ENDED:
        return f'it has ended already ({row["state"]})'
    if intents.acted_for_good(connection, recovery):
        return 'the host was told to power off already'
    if row['approved_by']:
        return f'{row["approved_by"]} has approved it'
    rows = alarms.of_recovery(connection, recovery)
    others = sorted({each['source'] for each in rows if each['id'] not in over})
    return f'{", ".join(others)} said the same' if others else ''


def _tell(site: Site, said: Resolved, recovery: str, stays: str) -> None:
    what = f'{said.source} says that it is over: {said.kind} {said.subject}'

    def work(connection: sa.Connection) -> None:
        story = events.of_recovery(connection, recovery)
        if any(one['what'] == what and one['who'] == said.source for one in story):
            return  # senders say it again and again
        events.add(connection, said.source, what, stays, at=site.clock.now(), recovery=recovery)

    site.store.transact(work)
