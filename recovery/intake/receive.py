"""The one way in: every source hands its alarm to :func:`receive`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from drivers.alarms import words
from drivers.contracts.alarms import Alarm
from flows.stop import StoreAway
from recovery.db import alarms, recoveries, states
from recovery.intake import admission
from recovery.intake.admission import Outcome
from recovery.intake.naming import SPELLED
from recovery.intake.taking import Changed
from recovery.intake.turns import Turns
from recovery.policy import order
from recovery.policy.gates.nova import OVER
from recovery.site import Site

TRIES = 5
LATEST = 4102444800.0  #: seconds since 1970 UTC: later, and not every reader makes a date of it
REDECIDED = frozenset({'ignore'})  #: an answer that a later repeat may change: the world moved on


class BadAlarm(ValueError):
    """The alarm is malformed; the message says what is wrong and what would be right."""


@dataclass(frozen=True)
class Stored:
    """An alarm that is in the table."""

    row: sa.RowMapping
    fresh: bool  #: it had not been sent before


def receive(site: Site, alarm: Alarm) -> Outcome:
    """Store an alarm, decide about it, and record the recovery that it leads to.

    The alarm is committed before anything is asked: when this raises StoreAway the sender must be
    told that it was not taken. Sent again, or decided again after a crash, it is the same alarm.

    :raises BadAlarm: malformed; nothing was stored.
    :raises flows.stop.StoreAway: not stored, or stored and not answered; to be sent again.
    """
    check(alarm)
    (stored,) = store(site, [alarm])
    return answer(site, stored)


def answer(site: Site, stored: Stored) -> Outcome:
    """Decide about a stored alarm, unless it has an answer that holds. Raises StoreAway."""
    if not stored.fresh and not _open_again(site, stored.row):
        return _known(site, stored.row)
    return decide(site, stored.row['id'])


def decide(site: Site, alarm_id: str) -> Outcome:
    """Decide about a stored alarm that has no answer yet."""
    turns = site.one(Turns, lambda: Turns(site.clock))
    with turns.of(alarm_id):
        return _decide(site, alarm_id)


def _decide(site: Site, alarm_id: str) -> Outcome:
    for _ in range(TRIES):
        with site.store.read() as connection:
            row = alarms.get(connection, alarm_id)
        assert row is not None
        if row['answer'] is not None:
            return _known(site, row)
        try:
            return admission.admit(site, row)
        except (Changed, sa.exc.IntegrityError):
            continue  # somebody else was first: look again at what there is now
    reason = 'many alarms about this host at once; it is decided about in a moment'
    return Outcome(alarm_id, 'hold', reason)


def check(alarm: Alarm) -> None:
    """:raises BadAlarm: it cannot be taken."""
    for name in ('source', 'key', 'kind', 'subject'):
        value = getattr(alarm, name)
        if not isinstance(value, str) or not value.strip():
            raise BadAlarm(f'the alarm has no {name}: give a non-empty text')
        if len(value) > 255:
            raise BadAlarm(f'the {name} of the alarm has {len(value)} characters; 255 are allowed')
    if alarm.kind not in order.RAISED:
        known = ', '.join(sorted(order.RAISED))
        raise BadAlarm(f'there is no failure kind {alarm.kind!r}; there are: {known}')
    if not math.isfinite(alarm.at) or alarm.at <= 0:
        raise BadAlarm('the time of the alarm must be seconds since 1970 UTC')
    if alarm.at > LATEST:
        raise BadAlarm(
            f'the time of the alarm must be seconds since 1970 UTC, before the year 2100; '
            f'{alarm.at:.0f} may be milliseconds'
        )


def store(
    site: Site,
    sent: Sequence[Alarm],
    also: Callable[[sa.Connection], None] | None = None,
) -> tuple[Stored, ...]:
    """Put alarms that :func:`check` has let pass into the table, all or none.

    :param also: done in the same transaction.
    :raises flows.stop.StoreAway: nobody knows whether they are stored; to be sent again.
    """

    def work(connection: sa.Connection) -> tuple[Stored, ...]:
        if also is not None:
            also(connection)
        return tuple(_store(site, connection, alarm) for alarm in sent)

    for _ in range(TRIES):
        try:
            return site.store.transact(work)
        except sa.exc.IntegrityError:  # two senders of one alarm at the same moment
            continue
    raise StoreAway('many senders store the same alarms at this moment')


def _store(site: Site, connection: sa.Connection, alarm: Alarm) -> Stored:
    row = alarms.find(connection, alarm.source, alarm.key)
    if row is not None and not _same(row, alarm):
        # One key for several hosts, such as the number of a trigger, is one alarm for each.
        alarm = replace(alarm, key=words.key(alarm.key, alarm.kind, alarm.subject))
        row = alarms.find(connection, alarm.source, alarm.key)
    if row is not None:
        alarms.repeat(connection, row['id'])
        return Stored(row, fresh=False)
    alarms.add(connection, site.clock.new_id(), alarm, site.clock.now())
    row = alarms.find(connection, alarm.source, alarm.key)
    assert row is not None
    return Stored(row, fresh=True)


def _same(row: sa.RowMapping, alarm: Alarm) -> bool:
    spelled = (row['evidence'] or {}).get(SPELLED)
    return row['kind'] == alarm.kind and alarm.subject in (row['subject'], spelled)


def _open_again(site: Site, row: sa.RowMapping) -> bool:
    """Whether an alarm that was sent before is to be decided about (again)."""
    if row['answer'] is None:
        return True
    with site.store.write() as connection:
        if row['answer'] in REDECIDED:
            return alarms.reopen(connection, row['id'], row['answer'])
        held = recoveries.get(connection, row['recovery']) if row['recovery'] else None
        if held is not None and (held['state'] == states.EXPIRED or held['code'] == OVER.name):
            return alarms.reopen(connection, row['id'], row['answer'])
    return False


def _known(site: Site, row: sa.RowMapping) -> Outcome:
    verb = ''
    if row['recovery']:
        with site.store.read() as connection:
            found = recoveries.get(connection, row['recovery'])
        verb = (found['verb'] if found is not None else '') or ''
    return Outcome(
        row['id'], row['answer'], row['reason'] or '', row['recovery'], verb, repeated=True
    )
