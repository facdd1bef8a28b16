"""A wish that a host return: refused with what blocks it, or made a recovery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sqlalchemy as sa

from recovery.db import events, recoveries, states
from recovery.intake import collect, taking
from recovery.intake.admission import Outcome
from recovery.intake.arguments import arguments
from recovery.intake.ask import Ask
from recovery.intake.record import record
from recovery.policy import approvals, order
from recovery.policy.decide import Decision, decide
from recovery.policy.gate import FOUND, Gate, Word
from recovery.policy.gates.back import LEFTOVERS, OUT
from recovery.policy.gates.history import FREE
from recovery.policy.inputs import Inputs, Live
from recovery.policy.order import HOST_RETURN, Stage
from recovery.site import Site


def request_return(
    site: Site,
    host: str,
    *,
    by: str,
    reason: str,
    accept_leftovers: bool = False,
    rebooted: bool = False,
) -> Outcome:
    """Begin the return of a host, or say everything that blocks it.

    Nothing is held: whoever asked, a human or the watcher, asks again. The answer is 'admit' with
    the recovery, or else the reason and the verb of the first gate that blocks, with the others'
    reasons behind it. A return that waits begins a new round: that is the verb it names.

    :param accept_leftovers: a human says that instances left on the host are in order (S20).
    :param rebooted: a human says that the host was rebooted since it failed.
    :raises flows.stop.StoreAway: nothing was recorded.
    """
    gates = order.gates(HOST_RETURN, Stage.INTAKE)
    inputs = _inputs(site, host, gates)
    said = {'accept_leftovers': accept_leftovers, 'rebooted': rebooted}
    waiting = _waiting(site, inputs.live)
    if waiting is not None:
        # It began: that there was something to return from needs no second answer.
        gates = tuple(gate for gate in gates if gate.name != OUT.name)
        inputs = replace(inputs, live=None)
        said = {name: value or waiting['arguments'][name] for name, value in said.items()}
    accepted = _accepted(inputs) if accept_leftovers else ()
    if waiting is not None and not accept_leftovers:
        accepted = tuple(waiting['approved_gates'] or ())  # what was seen then, and no more
    decision = decide(gates, replace(inputs, approval=approvals.approval(by, accepted)))
    if decision.word != Word.ADMIT:
        return _refused(decision, inputs.live)
    fresh = _fresh(site, host, by, reason, said, accepted)
    try:
        return site.store.transact(lambda one: _record(site, one, waiting, fresh, decision))
    except (taking.Changed, sa.exc.IntegrityError):
        return _too_late(site, host)


def _accepted(inputs: Inputs) -> tuple[approvals.Entry, ...]:
    """What is left over is accepted; that nobody could look is not."""
    answer = LEFTOVERS.decide(inputs)
    if answer.word == Word.HOLD and answer.finding == FOUND:
        return (approvals.of_answer(LEFTOVERS.name, answer),)
    return ()


def _inputs(site: Site, host: str, gates: tuple[Gate, ...]) -> Inputs:
    return collect.collect(site, Ask(HOST_RETURN, host), order.needs(gates))


def _waiting(site: Site, live: Live | None) -> sa.RowMapping | None:
    """The return of this host that waits."""
    if live is None or live.kind != HOST_RETURN or live.state != states.WAITING:
        return None
    with site.store.read() as connection:
        return recoveries.get(connection, live.id)


def _fresh(
    site: Site,
    host: str,
    by: str,
    reason: str,
    said: Mapping[str, bool],
    approved: tuple[approvals.Entry, ...],
) -> recoveries.Fresh:
    return recoveries.Fresh(
        id=site.clock.new_id(),
        kind=HOST_RETURN,
        subject=host,
        host=host,
        state=states.READY,
        reason=reason,
        requested_by=by,
        arguments=arguments(site.conf, HOST_RETURN, **said),
        created_at=site.clock.now(),
        approved_by=by if approved else None,
        approved_reason=reason if approved else None,
        approved_gates=approved,
    )


def _too_late(site: Site, host: str) -> Outcome:
    with site.store.read() as connection:
        other = recoveries.blocking(connection, HOST_RETURN, host)
    name = other['id'] if other is not None else None
    why = f'already under recovery {name[:8]}' if name else 'another recovery was first'
    return Outcome(None, 'ignore', why, name, gate='free')


def _refused(decision: Decision, live: Live | None) -> Outcome:
    blocking = [one for one in decision.asked if one.answer.word != Word.ADMIT]
    reason = '; '.join(one.answer.reason for one in blocking)
    verb = decision.answer.verb or (f'recovery show {live.id[:8]}' if live else '')
    return Outcome(None, str(decision.word), reason, live.id if live else None, verb, decision.gate)


def _record(
    site: Site,
    connection: sa.Connection,
    waiting: sa.RowMapping | None,
    fresh: recoveries.Fresh,
    decision: Decision,
) -> Outcome:
    if waiting is not None:
        return _once_more(site, connection, waiting, fresh, decision)
    return _begin(site, connection, fresh, decision)


def _begin(
    site: Site, connection: sa.Connection, fresh: recoveries.Fresh, decision: Decision
) -> Outcome:
    lower = recoveries.blocking(connection, fresh.kind, fresh.subject)
    if lower is not None and order.supersedes(fresh.kind, lower['kind']):
        taking.supersede(site, connection, lower, fresh.id)
    recoveries.create(connection, fresh)
    return _asked(site, connection, fresh.id, fresh, decision)


def _once_more(
    site: Site,
    connection: sa.Connection,
    row: sa.RowMapping,
    fresh: recoveries.Fresh,
    decision: Decision,
) -> Outcome:
    """A new round of a return that waits, with what was said now and before."""
    cleared = dict.fromkeys(('book', 'phase', 'code', 'verb', 'next_check'))
    said = ('arguments', 'reason', 'approved_by', 'approved_reason', 'approved_gates')
    values = cleared | {name: getattr(fresh, name) for name in said}
    values |= {'round': row['round'] + 1, 'claims': 0, 'undoing': False}
    now = fresh.created_at
    if not recoveries.move(connection, row['id'], row['state'], states.READY, now, **values):
        why = f'recovery {row["id"][:8]} changed at this very moment; nothing was done'
        return Outcome(None, 'ignore', why, row['id'], f'recovery show {row["id"][:8]}', FREE.name)
    return _asked(site, connection, row['id'], fresh, decision)


def _asked(
    site: Site,
    connection: sa.Connection,
    recovery: str,
    fresh: recoveries.Fresh,
    decision: Decision,
) -> Outcome:
    now, who = fresh.created_at, fresh.requested_by
    record(site, connection, recovery, Stage.INTAKE, decision)
    what = 'asked for the return of the host'
    events.add(connection, who, what, fresh.reason, at=now, recovery=recovery)
    return Outcome(None, 'admit', decision.answer.reason, recovery)
