"""One stored alarm: gates, the decision on record, and the recovery, in one transaction."""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlalchemy as sa

from recovery.db import alarms, decisions, events, recoveries, spares, states
from recovery.intake import collect, naming, taking, weather
from recovery.intake.arguments import arguments, said
from recovery.intake.ask import Ask
from recovery.intake.record import pack, record
from recovery.intake.taking import Changed
from recovery.policy import order
from recovery.policy.decide import Decision, decide
from recovery.policy.gate import Word
from recovery.policy.gates.history import FREE
from recovery.policy.inputs import Inputs
from recovery.policy.order import Stage
from recovery.site import Site


@dataclass(frozen=True)
class Outcome:
    """What became of an alarm, or of a wish."""

    alarm: str | None
    answer: str  #: 'admit', 'hold' or 'ignore'
    reason: str
    recovery: str | None = None  #: the recovery that it began, or that it belongs to
    verb: str = ''  #: the command that leads on
    gate: str = ''  #: the gate that decided
    repeated: bool = False  #: it had been sent, and answered, before


def admit(site: Site, row: sa.RowMapping) -> Outcome:
    """Decide about an alarm and record what follows.

    :raises Changed: look again. So does an IntegrityError: another recovery got the host.
    """
    gates = order.gates(row['kind'], Stage.INTAKE)
    ask = Ask(row['kind'], row['subject'], alarms.of_row(row), row['arrived_at'])
    inputs = collect.collect(site, ask, order.needs(gates))
    if naming.rename(site, row, inputs.services):
        raise Changed
    decision = decide(gates, inputs)
    pack(decision)  # before the transaction

    def work(connection: sa.Connection) -> Outcome:
        return _record(site, connection, row, inputs, decision)

    return site.store.transact(work)


def _record(
    site: Site, connection: sa.Connection, row: sa.RowMapping, inputs: Inputs, decision: Decision
) -> Outcome:
    live = recoveries.blocking(connection, row['kind'], row['subject'])
    blocked = live is not None and not order.supersedes(row['kind'], live['kind'])
    if blocked != (inputs.live is not None):
        raise Changed
    if decision.word == Word.IGNORE:
        return _ignored(site, connection, row, decision, live)
    if decision.word == Word.HOLD and not inputs.host.name:
        return _unplaced(site, connection, row, decision)
    if decision.word == Word.HOLD and live is not None:
        return _postponed(site, connection, row, decision, live)
    recovery = site.clock.new_id()
    _settle(connection, row, decision, recovery)
    if live is not None:
        taking.supersede(site, connection, live, recovery)
    outcome = begin(site, connection, decision, recovery, row=row)
    record(site, connection, recovery, Stage.INTAKE, decision, alarm=row['id'])
    return outcome


def begin(
    site: Site,
    connection: sa.Connection,
    decision: Decision,
    recovery: str,
    *,
    row: sa.RowMapping,
) -> Outcome:
    """Record the recovery of an alarm as ready or held, with the first line of its story."""
    now, held = site.clock.now(), decision.word == Word.HOLD
    kind, subject, who = row['kind'], row['subject'], row['requested_by'] or row['source']
    verb = re.sub(r'\bID\b', recovery[:8], decision.answer.verb)
    method = spares.method_of(connection, decision.inputs.host.name)
    fresh = recoveries.Fresh(
        id=recovery,
        kind=kind,
        subject=subject,
        host=decision.inputs.host.name,
        state=states.HELD if held else states.READY,
        reason=decision.answer.reason,
        requested_by=who,
        arguments=arguments(site.conf, kind, **said(kind, row['evidence'], method)),
        created_at=now,
        code=decision.gate if held else None,
        verb=verb if held else None,
        alarm=row['id'],
        next_check=now + again_in(site, decision) if held else None,
        expires_at=now + site.conf.watcher.expire_seconds if held else None,
    )
    recoveries.create(connection, fresh)
    if not held:
        taking.take_over(connection, kind, fresh.host, recovery, by=site.identity.name, now=now)
    began = weather.notice(site, connection, decision)
    if began or not weather.told(decision):
        what = 'held' if held else 'admitted'
        events.add(connection, who, what, decision.answer.reason, at=now, recovery=recovery)
    answer = str(decision.word)
    return Outcome(row['id'], answer, fresh.reason, recovery, fresh.verb or '', decision.gate)


def again_in(site: Site, decision: Decision) -> float:
    """Seconds until a held recovery is decided again."""
    known, usual = decision.answer.again_in, float(site.conf.watcher.again_seconds)
    return usual if known is None else min(known, usual)


def _ignored(
    site: Site,
    connection: sa.Connection,
    row: sa.RowMapping,
    decision: Decision,
    live: sa.RowMapping | None,
) -> Outcome:
    recovery = live['id'] if live is not None and decision.gate == FREE.name else None
    if recovery is not None:
        # Who ends it because its source says that it is over must see this alarm, or we its end.
        joined = recoveries.lock_live(connection, recovery)
        if joined is None:
            raise Changed
        if recoveries.gives_back(joined):
            return _after_its_end(connection, row, joined)
    _settle(connection, row, decision, recovery)
    if recovery is not None:  # the repeat is evidence
        what = f'{row["source"]} says so too: {row["kind"]} {row["subject"]}'
        now = site.clock.now()
        events.add(connection, row['source'], what, at=now, recovery=recovery)
    record(site, connection, recovery, Stage.INTAKE, decision, alarm=row['id'])
    verb = f'recovery show {recovery[:8]}' if recovery else ''
    return Outcome(row['id'], 'ignore', decision.answer.reason, recovery, verb, decision.gate)


def _postponed(
    site: Site,
    connection: sa.Connection,
    row: sa.RowMapping,
    decision: Decision,
    live: sa.RowMapping,
) -> Outcome:
    """A held alarm ends no recovery that runs: it stays undecided and is looked at again."""
    name = live['id'][:8]
    reason = f'{decision.answer.reason} (meanwhile {live["kind"]} {name} goes on)'
    _undecided(site, connection, row, decision, reason)
    verb = f'recovery cancel {name} --leave'
    return Outcome(row['id'], 'hold', reason, None, verb, decision.gate)


def _after_its_end(connection: sa.Connection, row: sa.RowMapping, joined: sa.RowMapping) -> Outcome:
    """What died again while it is given back stays undecided until that has ended."""
    name = joined['id'][:8]
    why = ', because it was over' if recoveries.ends_as_over(joined) else ''
    reason = f'recovery {name} is being given back{why}; this is decided after it'
    if row['reason'] != reason:
        alarms.postpone(connection, row['id'], reason)
    return Outcome(row['id'], 'hold', reason, None, f'recovery show {name}', FREE.name)


def _unplaced(
    site: Site, connection: sa.Connection, row: sa.RowMapping, decision: Decision
) -> Outcome:
    """Nova could not say where the instance is: no recovery without a host."""
    answer = decision.answer
    _undecided(site, connection, row, decision, answer.reason)
    return Outcome(row['id'], 'hold', answer.reason, None, answer.verb, decision.gate)


def _undecided(
    site: Site, connection: sa.Connection, row: sa.RowMapping, decision: Decision, reason: str
) -> None:
    if row['reason'] != reason:
        alarms.postpone(connection, row['id'], reason)
    newest = decisions.newest_of_alarm(connection, row['id'])
    if newest is None or newest['gate'] != decision.gate:  # another age of a report is no news
        record(site, connection, None, Stage.INTAKE, decision, alarm=row['id'])


def _settle(
    connection: sa.Connection, row: sa.RowMapping, decision: Decision, recovery: str | None
) -> None:
    answer, reason = str(decision.word), decision.answer.reason
    if not alarms.settle(connection, row['id'], answer, reason, recovery):
        raise Changed
