"""Deciding about an alarm because a human wants it decided now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from recovery.db import alarms
from recovery.intake.receive import decide as decide_now
from recovery.operate.change import tell
from recovery.operate.refusal import Nothing, Refusal
from recovery.view.ids import short

if TYPE_CHECKING:
    from recovery.intake import Outcome
    from recovery.site import Site


def decide(site: Site, identifier: str, *, by: str, reason: str) -> Outcome:
    """Ask the gates about an alarm that is undecided, or that was ignored.

    :raises Refusal: it led to a recovery, which has commands of its own.
    """

    def work(connection: sa.Connection) -> None:
        row = alarms.get(connection, identifier)
        if row is None:
            raise Nothing(f'there is no alarm {identifier}', 'recovery alarm list --all')
        if row['answer'] in ('admit', 'hold'):
            raise Refusal(
                f'it was decided about ({row["answer"]}), and is recovery {short(row["recovery"])}',
                f'recovery show {short(row["recovery"])}',
            )
        if row['answer'] is not None:
            alarms.reopen(connection, identifier, row['answer'])
        what = f'had alarm {short(identifier)} decided about again'
        tell(connection, None, site.clock.now(), by=by, what=what, why=reason)

    site.store.transact(work)
    return decide_now(site, identifier)
