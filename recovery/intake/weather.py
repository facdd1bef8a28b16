"""Storms as decisions show them: remembered where the decision is recorded, told once."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db import storms
from recovery.policy.decide import Decision
from recovery.policy.gate import Word
from recovery.policy.gates.count import STORM
from recovery.policy.gates.storm import STORMY
from recovery.site import Site


def notice(site: Site, connection: sa.Connection, decision: Decision) -> bool:
    """Remember the mass failures that a decision saw, approved or not. True: a storm began."""
    began = False
    for one in decision.asked:
        scope = one.answer.seen.get(STORM)
        if scope is None:
            continue
        began |= storms.note(
            connection,
            scope,
            one.answer.reason,
            by=site.identity.name,
            now=site.clock.now(),
            cooldown=site.conf.policy.storm_cooldown_seconds,
        )
    return began


def told(decision: Decision) -> bool:
    """Whether the story of the storm says already what this decision says of one recovery."""
    return decision.word == Word.HOLD and decision.gate in STORMY


def clear(site: Site) -> None:
    """End the storms whose cool-down has passed. Raises StoreAway."""
    cooldown = site.conf.policy.storm_cooldown_seconds
    with site.store.read() as connection:
        if not storms.on(connection):
            return
    now, by = site.clock.now(), site.identity.name
    site.store.transact(
        lambda connection: storms.end(connection, by=by, now=now, cooldown=cooldown)
    )
