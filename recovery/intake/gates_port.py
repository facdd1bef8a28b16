"""The policy as tasks ask it: when a worker begins a round, and at the line."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa

from drivers.contracts.fencing import FencePath
from flows.records import Verdict
from flows.stop import BackToFence, NotNeeded, Waiting
from flows.tasks.service import LOOK_SECONDS
from recovery.claims.claim import Claim
from recovery.db import guards, intents, recoveries
from recovery.intake import collect
from recovery.intake.ask import Ask, ask_of
from recovery.intake.record import pack, record
from recovery.policy import looks, order
from recovery.policy.decide import Decision, decide
from recovery.policy.gate import Gate, Word
from recovery.policy.inputs import Inputs, Missing
from recovery.policy.order import HOST_DOWN, Stage
from recovery.site import Site


class PolicyGates:
    """See :class:`flows.ports.Gates`; for the recovery of one claim."""

    def __init__(self, site: Site, claim: Claim, path: FencePath | None = None) -> None:
        self._site = site
        self._claim = claim
        self._path = path  # what a fence step of this claim cuts the power by

    def again(self) -> Verdict:
        """All gates, as verify asks them; recorded."""
        ask = self._question()
        stage, decision = ask_again(self._site, ask)
        recovery = self._claim.recovery_id
        pack(decision)  # before the transaction
        self._claim.transact(
            lambda connection: record(self._site, connection, recovery, stage, decision)
        )
        return decision.verdict

    def line(self) -> LineGates:
        """Gather the inputs of the line, and record at once if they hold already.

        What holds inside the transaction of the line is rolled back with it.

        :raises flows.stop.BackToFence: the inventory names other devices than this claim has: the
            gates speak of those, and the request would go to these (H4).
        """
        ask = self._question()
        gates = LineGates.look(self._site, ask)
        _same_devices(self._path, gates.inputs)

        def look(connection: sa.Connection) -> None:
            decision = gates.decide(connection)
            if decision.word != Word.ADMIT:
                record(self._site, connection, self._claim.recovery_id, Stage.LINE, decision)

        self._claim.transact(look)
        return gates

    def device(self) -> Verdict:
        """Whether what the host is switched by is its own.

        :raises flows.stop.BackToFence: see :meth:`line`.
        """
        ask = self._question()
        inputs = collect.collect(self._site, ask, order.needs(order.WHOSE))
        _same_devices(self._path, inputs)
        decision = decide(order.WHOSE, inputs)
        if decision.word != Word.ADMIT:
            self._claim.transact(
                lambda one: record(self._site, one, self._claim.recovery_id, Stage.LINE, decision)
            )
        return decision.verdict

    def _question(self) -> Ask:
        ask = question(self._site, self._claim.recovery_id)
        self._claim.heard = ask.joined.number
        return ask


@dataclass(frozen=True)
class LineGates:
    """See :class:`flows.ports.Line`."""

    site: Site
    ask: Ask
    inputs: Inputs
    looked_at: float  #: on the clock's elapsed time

    @classmethod
    def look(cls, site: Site, ask: Ask) -> LineGates:
        """Gather the inputs; again if that took so long that the host may have reported since.

        Where everything is slow the second look has to do.
        """
        began = site.clock.elapsed()
        inputs = line_inputs(site, ask)
        if site.clock.elapsed() - began > LOOK_SECONDS:
            inputs = line_inputs(site, ask)
        return cls(site, ask, inputs, site.clock.elapsed())

    def check(self, connection: sa.Connection) -> Verdict:
        """Count and decide; from here to its commit no other worker crosses the line.

        :raises flows.stop.NotNeeded: the host is back.
        :raises flows.stop.Waiting: this worker was frozen since it looked, or waited for others.
        """
        guards.serialize(connection, self.site.clock.now())
        age = self.site.clock.elapsed() - self.looked_at
        if age > LOOK_SECONDS:
            why = f'the last look before the line is {age:.0f} s old: the host may be back'
            raise Waiting(why, code='held', again_in=1.0)
        decision = self.decide(connection)
        if self.ask.row is not None and not _tried(connection, self.ask):
            record(self.site, connection, self.ask.row['id'], Stage.LINE, decision)
        if decision.word == Word.IGNORE:
            raise NotNeeded(decision.answer.reason)
        return decision.verdict

    def decide(self, connection: sa.Connection) -> Decision:
        """The gates of the line, with what is counted read now."""
        now = self.site.clock.now()
        host = self.ask.row['host'] if self.ask.row else self.ask.subject
        fresh = collect.counted(connection, self.inputs.limits, now, host)
        inputs = replace(self.inputs, **fresh)
        gates = _line_gates(connection, self.ask, inputs)
        return decide(gates, inputs, may_end=not _crossed(connection, self.ask))


def _same_devices(path: FencePath | None, inputs: Inputs) -> None:
    if path is None or isinstance(inputs.devices, Missing):  # the gate "device-alone" holds then
        return
    ours = {
        (level.number, one.name, one.kind, one.address)
        for level in path.levels
        for one in level.devices
    }
    now = {(one.level, one.name, one.kind, one.address) for one in inputs.devices or ()}
    if ours != now:
        said = ', '.join(sorted(f'{one[1]} at {one[3]}' for one in ours ^ now))
        raise BackToFence(f'the inventory of {path.host} changed since it was claimed: {said}')


def question(site: Site, recovery: str) -> Ask:
    """The question about a recovery, as its row is now."""
    with site.store.read() as connection:
        row = recoveries.get(connection, recovery)
    assert row is not None
    return ask_of(site, row)


def ask_again(site: Site, ask: Ask) -> tuple[Stage, Decision]:
    """All gates of a recovery that has begun, or is to begin, a round."""
    gates = order.gates(ask.kind, Stage.VERIFY)
    inputs = collect.collect(site, ask, order.needs(gates))
    with site.store.read() as connection:
        crossed = _crossed(connection, ask)
    stage = Stage.BELOW if crossed and below(ask, inputs) else Stage.VERIFY
    return stage, decide(order.gates(ask.kind, stage), inputs, may_end=not crossed)


def line_inputs(site: Site, ask: Ask) -> Inputs:
    """What the gates of the line look at."""
    with site.store.read() as connection:
        gates = order.AGAIN if _tried(connection, ask) else order.gates(ask.kind, Stage.LINE)
    return collect.collect(site, ask, order.needs(gates))


def _crossed(connection: sa.Connection, ask: Ask) -> bool:
    return ask.row is not None and intents.crossed_line(connection, ask.row['id'])


def _line_gates(connection: sa.Connection, ask: Ask, inputs: Inputs) -> tuple[Gate, ...]:
    """A host that comes back half-way is fenced again whatever else fails meanwhile; one whose
    power-off has not worked yet is not, if it came back by itself."""
    tried = _tried(connection, ask)
    if _crossed(connection, ask) and below(ask, inputs):
        return order.DEVICE
    return order.AGAIN if tried else order.gates(ask.kind, Stage.LINE)


def _tried(connection: sa.Connection, ask: Ask) -> bool:
    """Whether this round has crossed the line already: it was counted then."""
    if ask.row is None or ask.kind != HOST_DOWN:
        return False
    done = intents.of_recovery(connection, ask.row['id'], 'power-off')
    return any(one.round == ask.row['round'] for one in done)


def below(ask: Ask, inputs: Inputs) -> bool:
    """Whether a host that this recovery has powered off has not been in service since.

    A rerun of an old recovery, on a host that somebody has put back into service, asks all gates.
    """
    service = looks.the_service(inputs)
    if ask.kind != HOST_DOWN or service is None:
        return False
    return service.forced_down and inputs.own.forced_down
