"""Restarts that gave way to the recovery of their host: begun again where they are still needed.

Who stopped an instance has to start it. Its host may die, or seem dead, between our stop and our
start: evacuated, the instance stays as Nova has it, stopped; and when the recovery of the host is
undone, nobody else comes back to it.
"""

from __future__ import annotations

import enum
import logging
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa

from drivers.contracts.compute import Instance
from drivers.contracts.errors import DriverError
from flows.records import REFUSED, Intent
from flows.restarts import classify
from flows.tasks.restarting import ABSENT_SECONDS, STOP, in_doubt
from recovery.db import events, intents, recoveries, restarts, states
from recovery.intake import places
from recovery.policy.inputs import Missing
from recovery.policy.order import INSTANCE_DOWN
from recovery.site import Site

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 5.0  #: for one look at many; the rest has its turn at the next
SHOWN_SECONDS = 60.0  # Nova learns of the death of a guest late
SWITCHING = frozenset({'powering-off', 'powering-on'})


class Word(enum.Enum):
    """What is to be done about one of them."""

    BEGIN = 'begin'
    OVER = 'over'
    AGAIN = 'again'  #: looked at again later


@dataclass(frozen=True)
class Past:
    """What is on record of a restart that gave way.

    :param stopped: a request of ours to stop it was not refused.
    :param may_stop: such a request may yet arrive.
    :param live: the recovery of its host has not ended.
    :param lately: that has ended a moment ago.
    :param moved: that has moved the instance.
    :param doubtful: an evacuation from where it is may have left a guest somewhere.
    """

    stopped: bool
    may_stop: bool
    live: bool
    lately: bool
    moved: bool
    doubtful: bool


def sweep(site: Site) -> None:
    """Look at all of them once. Raises StoreAway."""
    since = site.clock.now() - site.conf.watcher.expire_seconds
    with site.store.read() as connection:
        rows = restarts.given_way(connection, INSTANCE_DOWN, since)
    began = site.clock.elapsed()
    turn = int(began) % len(rows) if rows else 0  # one whose cell is away is not always the first
    for row in (*rows[turn:], *rows[:turn]):
        if site.clock.elapsed() - began > LOOK_SECONDS:
            return
        try:
            _look(site, row, places.instance(site, site.compute, row['subject']))
        except DriverError as error:
            LOG.info('restart %s, which gave way, is looked at later: %s', row['id'], error)
        except Exception:
            # One that cannot be looked at keeps no other waiting.
            LOG.exception('restart %s, which gave way', row['id'])


def owes(site: Site, row: sa.RowMapping, found: Instance | Missing | None) -> bool:
    """Whether a restart stopped an instance that does not run yet: it is never no longer needed."""
    if row['kind'] != INSTANCE_DOWN or not isinstance(found, Instance):
        return False
    if classify(found, ()).action not in ('start', 'wait'):
        return False
    with site.store.read() as connection:
        return bool(_sent(connection, row['id']))


def judge(found: Instance | None, past: Past) -> tuple[Word, str]:
    """What is to be done about it, and why.

    One that is stopped is started only if we stopped it, and nobody has it in hand.
    """
    if found is None:
        return Word.OVER, 'Nova does not know it any more'
    plan = classify(found, ())
    if plan.action == 'leave':
        return Word.OVER, plan.reason
    if plan.action == 'runs':
        unsure = past.may_stop or (not past.moved and (past.lately or past.live))
        started = past.stopped and not past.may_stop  # by its owner
        return Word.OVER if started or not unsure else Word.AGAIN, plan.reason
    if past.doubtful or (past.live and not past.moved):
        return Word.AGAIN, 'the recovery of its host goes first'
    if plan.action == 'wait':
        ours = past.stopped and found.task_state in SWITCHING  # its worker waits, or asks a human
        return Word.BEGIN if ours else Word.AGAIN, plan.reason
    if plan.action == 'start':
        why = 'it is stopped, because we stopped it'
        return (Word.BEGIN, why) if past.stopped else (Word.OVER, 'it is stopped, and not by us')
    return Word.OVER if past.moved else Word.BEGIN, plan.reason


def _look(site: Site, row: sa.RowMapping, found: Instance | None) -> None:
    with site.store.read() as connection:
        past = _past(site, connection, row, found)
    word, why = judge(found, past)
    if word is Word.OVER:
        site.store.transact(lambda connection: restarts.over(connection, row, why))
    elif word is Word.BEGIN and found is not None and found.host is not None:
        host = found.host
        with suppress(sa.exc.IntegrityError):  # another restart of it was first
            site.store.transact(lambda connection: _begin(site, connection, row, host, why))


def _past(
    site: Site, connection: sa.Connection, row: sa.RowMapping, found: Instance | None
) -> Past:
    later = recoveries.get(connection, row['superseded_by'])
    assert later is not None
    now, subject = site.clock.now(), row['subject']
    sent = _sent(connection, row['id'])
    may = now - site.conf.compute.write_seconds - ABSENT_SECONDS
    return Past(
        stopped=bool(sent),
        may_stop=any(in_doubt(one) and one.at > may for one in sent),
        live=later['state'] in states.LIVE,
        lately=(later['ended_at'] or now) > now - SHOWN_SECONDS,
        moved=restarts.moved(connection, later['id'], subject),
        doubtful=found is not None and restarts.in_doubt(connection, found.host or '', subject),
    )


def _sent(connection: sa.Connection, recovery: str) -> tuple[Intent, ...]:
    found = intents.of_recovery(connection, recovery, STOP)
    return tuple(one for one in found if not (one.outcome or '').startswith(REFUSED))


def _begin(site: Site, connection: sa.Connection, row: sa.RowMapping, host: str, why: str) -> None:
    kind, subject, now = row['kind'], row['subject'], site.clock.now()
    if recoveries.above(connection, kind, host) is not None:
        return  # its turn comes after that
    ended = recoveries.closed_at(connection, subject, kind, but=row['id']) or 0.0
    if recoveries.blocking(connection, kind, subject) is not None or ended > row['ended_at']:
        restarts.over(connection, row, 'a later restart of it')
        return
    if row['wish'] is not None:
        restarts.over(connection, row, f'{row["wish_by"]} wants it to end: {row["wish_reason"]}')
        return
    begun = restarts.begin_again(
        connection,
        row,
        now,
        host=host,
        reason=why,
        # That it hung was said before its host failed: since then it may run well.
        arguments={**row['arguments'], 'hung': False},
        expires_at=now + site.conf.watcher.expire_seconds,
    )
    if begun:
        what = f'begun again after {row["superseded_by"][:8]}'
        events.add(connection, site.identity.name, what, why, at=now, recovery=row['id'])
