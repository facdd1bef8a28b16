"""Deciding again what is held, waiting or without an answer. No leader: each due row is won."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from drivers.contracts.compute import Instance
from flows.tasks.fencing import FENCE_AGAIN_MOST
from recovery.db import alarms, decisions, events, recoveries, states, waits
from recovery.intake import collect, gates_port, naming, restarts, taking, weather
from recovery.intake.admission import again_in
from recovery.intake.ask import ask_of
from recovery.intake.receive import decide as decide_alarm
from recovery.intake.record import record
from recovery.policy import order
from recovery.policy.decide import Decision, decide
from recovery.policy.gate import Gate, Word
from recovery.policy.gates.nova import DOWN, OVER
from recovery.policy.gates.storm import STORMY
from recovery.policy.gates.switches import PAUSED
from recovery.policy.inputs import Inputs
from recovery.policy.order import Stage
from recovery.site import Site

LOG = logging.getLogger(__name__)

AT_ONCE = 50  #: rows that are read together
LOOK_SECONDS = 5.0  #: for one look at many; the rest is due a moment later
LONGEST_SECONDS = 600.0  #: more than any step waits that no option is about
#: Waiting recoveries that these hold are let go by nothing else, wherever in their book they are.
HELD_BY: Mapping[str, tuple[Gate, ...]] = {
    PAUSED.name: order.SWITCHES,
    **{gate.name: order.HANDS for gate in order.HANDS},
}
GATED = frozenset({'held', *HELD_BY})  #: codes of waiting recoveries that gates hold


def sweep(site: Site) -> int:
    """Look at everything that is due. Returns how many rows this process looked at.

    :raises flows.stop.StoreAway: the rest stays due.
    """
    return held(site) + waiting(site) + undecided(site)


def held(site: Site) -> int:
    """Decide again about held recoveries that are due; end those whose time is over, and storms
    that have passed."""
    weather.clear(site)
    return _each(site, states.HELD, _again)


def waiting(site: Site) -> int:
    """Give waiting recoveries that are due back to the workers, unless gates still hold them."""
    return _each(site, states.WAITING, _wake)


def undecided(site: Site) -> int:
    """Decide about alarms that have no answer: their process died, or they had to stand back.

    They carry no time of a next look, so whoever calls this keeps to the usual pause. Each may
    wait for a Nova that does not answer: what is due must not wait for it.
    """
    before = site.clock.now() - site.conf.watcher.again_seconds
    after, looked = None, 0
    while True:
        with site.store.read() as connection:
            rows = alarms.undecided(connection, before, AT_ONCE, after)
        for row in rows:
            _decide_late(site, row)
        looked += len(rows)
        if len(rows) < AT_ONCE:
            return looked
        after = rows[-1]['arrived_at'], rows[-1]['id']  # those that stay must not hide the rest


def _decide_late(site: Site, row: sa.RowMapping) -> None:
    try:
        if row['arrived_at'] + site.conf.watcher.expire_seconds > site.clock.now():
            decide_alarm(site, row['id'])
        else:
            _give_up(site, row)
    except Exception:  # the others, which are younger, must not wait for this one for ever
        LOG.exception('alarm %s could not be decided about', row['id'])


def longest(conf: cfg.ConfigOpts) -> float:
    """Seconds that no recovery waits longer until it is looked at again."""
    fencing, held = float(conf.fencing.again_seconds), float(conf.watcher.again_seconds)
    return max(LONGEST_SECONDS, FENCE_AGAIN_MOST * fencing, held)


def _each(site: Site, state: str, look: Callable[[Site, sa.RowMapping], None]) -> int:
    end, taken = site.clock.elapsed() + LOOK_SECONDS, 0
    while True:
        now = site.clock.now()
        with site.store.read() as connection:
            rows = recoveries.due(connection, state, now, AT_ONCE, longest=longest(site.conf))
        taken += _look(site, rows, look)
        if len(rows) < AT_ONCE or site.clock.elapsed() >= end:
            return taken


def _look(
    site: Site, rows: Sequence[sa.RowMapping], look: Callable[[Site, sa.RowMapping], None]
) -> int:
    taken = 0
    for row in rows:
        # Another watcher may look at the same rows: the one who moves the next check has it.
        later = site.clock.now() + site.conf.watcher.again_seconds
        with site.store.write() as connection:
            won = recoveries.take(connection, row, later)
        if won:
            taken += 1
            look(site, row)
    return taken


def _again(site: Site, row: sa.RowMapping) -> None:
    if row['expires_at'] is not None and row['expires_at'] <= site.clock.now():
        _expire(site, row)
        return
    gates = order.gates(row['kind'], Stage.HELD)
    ask = ask_of(site, row)
    inputs = collect.collect(site, ask, order.needs(gates))
    renamed = naming.rename_held(site, row, inputs.services)
    if renamed is not None:
        decide_alarm(site, renamed)
        return
    owes = restarts.owes(site, row, inputs.instance)
    if owes and _moved_on(site, row, inputs):
        return
    decision = decide(gates, inputs, may_end=not owes)
    with suppress(taking.Changed):  # it is due again soon

        def work(connection: sa.Connection) -> None:
            if decision.word == Word.IGNORE:
                # Whoever joins it now is seen, or sees its end.
                recoveries.lock_live(connection, row['id'])
                if alarms.joined(connection, row['id']) != ask.joined:
                    raise taking.Changed
            _decided(site, connection, row, decision, inputs)

        site.store.transact(work)


def _moved_on(site: Site, row: sa.RowMapping, inputs: Inputs) -> bool:
    """Whether the instance is elsewhere by now: it is decided about there at the next look."""
    found, now = inputs.instance, site.clock.now()
    if not isinstance(found, Instance) or found.host in (None, row['host']):
        return False
    site.store.transact(
        lambda one: recoveries.note(
            one, row['id'], row['state'], now, host=found.host, next_check=now
        )
    )
    return True


def _decided(
    site: Site,
    connection: sa.Connection,
    row: sa.RowMapping,
    decision: Decision,
    inputs: Inputs,
) -> None:
    now, who, reason = site.clock.now(), site.identity.name, decision.answer.reason
    recovery, went_on = row['id'], decision.word != Word.HOLD
    if decision.word == Word.ADMIT:
        cleared = {'code': None, 'verb': None, 'next_check': None, 'expires_at': None}
        values = cleared | {'reason': reason}
        changed = recoveries.move(connection, recovery, row['state'], states.READY, now, **values)
        if changed:
            taking.take_over(connection, row['kind'], row['host'], recovery, by=who, now=now)
    elif decision.word == Word.IGNORE:
        ended = {'code': decision.gate, 'reason': reason, 'verb': None}
        changed = recoveries.move(
            connection, recovery, row['state'], states.CANCELLED, now, **ended
        )
    else:
        held_by = {'code': decision.gate, 'reason': reason, 'verb': decision.answer.verb}
        later = now + again_in(site, decision)
        changed = recoveries.note(
            connection, recovery, row['state'], now, **held_by, next_check=later
        )
    # A hold that goes on is no news: one row for each change of any gate, not one for each look.
    began = weather.notice(site, connection, decision)
    agrees = not inputs.agreed and decision.admitted(DOWN.name)
    if changed and (went_on or agrees or _differs(connection, recovery, decision)):
        record(site, connection, recovery, Stage.HELD, decision)
    if changed and (went_on or decision.gate != row['code']) and (began or _news(row, decision)):
        words = {Word.ADMIT: 'admitted', Word.IGNORE: 'ended', Word.HOLD: 'still held'}
        events.add(connection, who, words[decision.word], reason, at=now, recovery=recovery)


def _differs(connection: sa.Connection, recovery: str, decision: Decision) -> bool:
    """Whether any gate says something else than in the newest decision on record, or found
    something else: what is on record is what an approval passes."""
    newest = decisions.newest(connection, recovery)
    if newest is None:
        return True
    now = {one['gate']: _said(one) for one in decision.records()}
    before = {one['gate']: _said(one) for one in newest['gates']}
    # Other stages ask other gates: of those that only one of both asked, a hold counts.
    return any(
        now[gate] != before[gate]
        if gate in now and gate in before
        else Word.HOLD in (now.get(gate, before.get(gate)) or ())
        for gate in now.keys() | before.keys()
    )


def _said(gate: Mapping[str, Any]) -> tuple[Any, ...]:
    extent = gate.get('extent') or {}
    return gate['answer'], gate.get('finding'), tuple(sorted(extent.items()))


def _news(row: sa.RowMapping, decision: Decision) -> bool:
    """Whether the story of a storm leaves something to say of this recovery."""
    came_back = decision.gate == OVER.name and row['code'] in STORMY
    return not came_back and not weather.told(decision)


def _expire(site: Site, row: sa.RowMapping) -> None:
    now = site.clock.now()
    why = f'nothing released it in time; the last reason was: {row["reason"]}'

    def work(connection: sa.Connection) -> None:
        values = {'reason': why, 'verb': None}
        if recoveries.move(connection, row['id'], states.HELD, states.EXPIRED, now, **values):
            events.add(connection, site.identity.name, 'expired', why, at=now, recovery=row['id'])

    site.store.transact(work)
    LOG.warning('recovery %s of %s expired: %s', row['id'], row['host'], why)


def _wake(site: Site, row: sa.RowMapping) -> None:
    """From waiting to ready; gates that would only send it back are asked here first."""
    if row['code'] in GATED:
        stage, decision = _gates_of_waiting(site, row)
        if decision.word == Word.HOLD:
            site.store.transact(lambda connection: _still(site, connection, row, stage, decision))
            return

    def work(connection: sa.Connection) -> None:
        now = site.clock.now()
        if recoveries.move(
            connection, row['id'], states.WAITING, states.READY, now, next_check=None
        ):
            who, why, what = site.identity.name, row['reason'] or '', 'looks again'
            if not events.told_in_wait(connection, row['id'], what, why):
                events.add(connection, who, what, why, at=now, recovery=row['id'])

    site.store.transact(work)


def _gates_of_waiting(site: Site, row: sa.RowMapping) -> tuple[Stage, Decision]:
    ask = ask_of(site, row)
    if row['code'] in HELD_BY:
        gates = HELD_BY[row['code']]
        return Stage.LINE, decide(gates, collect.collect(site, ask, order.needs(gates)))
    if row['phase'] in (None, 'verify'):
        return gates_port.ask_again(site, ask)
    line = gates_port.LineGates.look(site, ask)
    with site.store.read() as connection:
        return Stage.LINE, line.decide(connection)


def _still(
    site: Site, connection: sa.Connection, row: sa.RowMapping, stage: Stage, decision: Decision
) -> None:
    now, answer = site.clock.now(), decision.answer
    reason = waits.reason_of(dict(row), answer.reason)
    values: dict[str, Any] = {'reason': reason, 'verb': answer.verb}
    values['next_check'] = now + again_in(site, decision)
    recoveries.note(connection, row['id'], states.WAITING, now, **values)
    weather.notice(site, connection, decision)
    if _differs(connection, row['id'], decision):
        record(site, connection, row['id'], stage, decision)


def _give_up(site: Site, row: sa.RowMapping) -> None:
    why = f'nothing decided it in time; the last reason was: {row["reason"] or "none"}'

    def work(connection: sa.Connection) -> None:
        if alarms.settle(connection, row['id'], 'ignore', why, None):
            what = f'alarm about {row["subject"]} expired'
            events.add(connection, site.identity.name, what, why, at=site.clock.now())

    site.store.transact(work)
    LOG.warning('alarm %s about %s expired: %s', row['id'], row['subject'], why)
