"""Steps of a recovery whose method knows reserved hosts, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver
from drivers.contracts.fencing import FencePath
from flows.evacuation.aim import ANYWHERE, Aim, took_not
from flows.evacuation.giving_back import give_back_all
from flows.evacuation.reserve import Reserve
from flows.evacuation.slots import Slots
from flows.evacuation.spare_calls import Tools
from flows.ports import Claim, Ledger, Spares
from flows.records import Item, ItemState
from flows.tasks.instances import Evacuate, still_proven
from flows.tasks.spare_waits import no_spare, not_yet
from flows.tasks.spare_wants import wanting
from flows.tasks.step import Step

AUTO, RESERVED_HOST = 'auto', 'reserved_host'
AUTO_PRIORITY, RH_PRIORITY = 'auto_priority', 'rh_priority'
METHODS = (AUTO, RESERVED_HOST, AUTO_PRIORITY, RH_PRIORITY)
UNDER_WAY = (ItemState.STARTED, ItemState.UNSETTLED)


class TakeSpare(Step):
    """Put the first reserved host into service that can take anything, if the method begins so.

    Nothing to undo: what is taken is given back by return-spare. With the method reserved_host
    and no reserved host left it waits for one.
    """

    default_provides = 'spare'

    def __init__(
        self,
        name: str,
        *,
        method: str,
        attempts: int,
        aggregates: bool,
        read_seconds: float,
        write_seconds: float,
    ) -> None:
        super().__init__(name)
        self._method = method
        self._attempts = attempts
        self._aggregates = aggregates
        self._seconds = {'read_seconds': read_seconds, 'write_seconds': write_seconds}

    def execute(
        self,
        proof_id: int,
        listed: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        spares: Spares,
        compute: ComputeDriver,
        fence_path: FencePath,
        clock: Clock,
    ) -> dict[str, Any]:
        self.begin(ledger)
        claim.check()
        waiting = in_state(ledger, ItemState.PENDING)
        if not waiting or self._method not in (RESERVED_HOST, RH_PRIORITY):
            return {'host': None}
        tools = Tools(claim, ledger, spares, compute, clock, **self._seconds)
        reserve = Reserve(tools, aggregates=self._aggregates)
        still_proven(proof_id, fence_path, claim, ledger, clock)
        only = self._method == RESERVED_HOST
        host = reserve.take(wanting(tools, self._attempts), sure=only)
        if host is None and only:
            raise no_spare(claim, waiting)
        if host is None:
            ledger.event('no reserved host can be used', 'the instances go where there is room')
        return {'host': host}


class EvacuateFirst(Evacuate):
    """Evacuate as Evacuate does, with what the method tries first: a spare, or any host.

    What cannot be placed stays pending. Never undone.
    """

    default_provides = 'placed'

    def __init__(self, name: str, *, method: str, **settings: Any) -> None:
        super().__init__(name, **settings)
        self._method = method

    def execute(  # a step takes what it names
        self,
        proof_id: int,
        spare: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        fence_path: FencePath,
        clock: Clock,
        slots: Slots,
    ) -> dict[str, int]:
        self.begin(ledger)
        if spare['host'] is not None:
            aim = Aim(spare=spare['host'], last=False)
        elif self._method == AUTO_PRIORITY:
            aim = Aim(last=False)
        else:
            return {}  # nothing to begin with: the next step has the other way
        return self.send(
            proof_id, aim, claim=claim, ledger=ledger, compute=compute, fence_path=fence_path,
            clock=clock, slots=slots,
        )  # fmt: skip


class EvacuateRest(Evacuate):
    """Evacuate what is left by the other way of the method: any host, or spare after spare.

    The next spare is taken only when the one in hand has no room for anything that is left, or
    cannot be used. An instance that fails on a spare which takes others has failed. Never undone.
    """

    default_provides = 'evacuated'

    def __init__(self, name: str, *, method: str, aggregates: bool, **settings: Any) -> None:
        super().__init__(name, **settings)
        self._method = method
        self._aggregates = aggregates

    def execute(  # type: ignore[override]
        self,
        proof_id: int,
        placed: dict[str, int],
        claim: Claim,
        ledger: Ledger,
        spares: Spares,
        compute: ComputeDriver,
        fence_path: FencePath,
        clock: Clock,
        slots: Slots,
    ) -> dict[str, int]:
        self.begin(ledger)
        tools = Tools(
            claim, ledger, spares, compute, clock, self._settings.read_seconds,
            self._settings.write_seconds,
        )  # fmt: skip

        def send(aim: Aim) -> None:
            self.send(
                proof_id, aim, claim=claim, ledger=ledger, compute=compute, fence_path=fence_path,
                clock=clock, slots=slots,
            )  # fmt: skip

        if self._method in (AUTO, RH_PRIORITY):
            if in_state(ledger, ItemState.PENDING, *UNDER_WAY):
                send(ANYWHERE if not spares.mine() else _anywhere_but(spares))
        else:
            self._to_spares(
                tools, send, lambda: still_proven(proof_id, fence_path, claim, ledger, clock)
            )
        return counted(ledger)

    def _to_spares(
        self, tools: Tools, send: Callable[[Aim], None], proven: Callable[[], None]
    ) -> None:
        reserve = Reserve(tools, aggregates=self._aggregates)
        limit = self._settings.attempts
        while in_state(tools.ledger, ItemState.PENDING, *UNDER_WAY):
            self._fail_spent(tools)
            pending = in_state(tools.ledger, ItemState.PENDING)
            if pending:
                proven()
            host = reserve.take(wanting(tools, limit)) if pending else None
            if host is not None:
                before = _where(tools.ledger)
                send(Aim(spare=host, last=False))
                if _where(tools.ledger) == before:  # asking on and on would change nothing
                    raise not_yet(tools.claim, in_state(tools.ledger, ItemState.PENDING))
            elif in_state(tools.ledger, *UNDER_WAY):
                send(Aim(nobody='what is under way ends first', last=False))
            elif pending and self._method == RESERVED_HOST:
                raise no_spare(tools.claim, pending)
            elif pending:
                # Raises Waiting for what is blocked, or on its way: that has not failed.
                send(Aim(nobody='what moves ends first', last=False))
                self._give_up(tools.ledger, in_state(tools.ledger, ItemState.PENDING))

    def _fail_spent(self, tools: Tools) -> None:
        """An instance that a spare could not start has failed, and so has one that a spare did
        not take which took others: another spare is not spent on it."""
        ledger = tools.ledger
        used = {one.destination for one in ledger.items() if one.state is ItemState.MOVED}
        failed = {}
        for item in in_state(ledger, ItemState.PENDING):
            for spare in tools.spares.mine():
                aim = Aim(spare=spare.host)
                own = [one for one in ledger.attempts() if one.instance == item.instance]
                if not aim.spent(own, tools.claim.round, self._settings.attempts):
                    continue
                last = aim.failures(own, tools.claim.round)[-1]
                if spare.host in used or not took_not(last):
                    failed[item.instance] = {'state': ItemState.FAILED, 'reason': item.reason}
        ledger.settle(failed, {})

    @staticmethod
    def _give_up(ledger: Ledger, pending: Iterable[Item]) -> None:
        why = 'and no reserved host could take it'
        ledger.settle(
            {
                one.instance: {
                    'state': ItemState.FAILED,
                    'reason': f'{one.reason}; {why}' if one.reason else why,
                }
                for one in pending
            },
            {},
        )


class ReturnSpare(Step):
    """Reserve again what is proven empty; what runs something stays in service. Nothing to undo.

    Proof is: disabled first, and then no instance, no open migration and no allocation is there.
    """

    default_provides = 'returned'

    def __init__(self, name: str, *, read_seconds: float, write_seconds: float) -> None:
        super().__init__(name)
        self._seconds = {'read_seconds': read_seconds, 'write_seconds': write_seconds}

    def execute(
        self,
        evacuated: dict[str, int],
        claim: Claim,
        ledger: Ledger,
        spares: Spares,
        compute: ComputeDriver,
        clock: Clock,
    ) -> dict[str, Any]:
        self.begin(ledger)
        claim.check()
        give_back_all(Tools(claim, ledger, spares, compute, clock, **self._seconds))
        return {'kept': [spare.host for spare in spares.mine()]}


def in_state(ledger: Ledger, *states: ItemState) -> list[Item]:
    """Items of these states, in the order in which they are evacuated."""
    return [item for item in ledger.items() if item.state in states]


def counted(ledger: Ledger) -> dict[str, int]:
    """How many items are in each state."""
    counts: dict[str, int] = {}
    for item in ledger.items():
        counts[item.state.value] = counts.get(item.state.value, 0) + 1
    return counts


def _where(ledger: Ledger) -> tuple[object, ...]:
    """What a pass changes if it changes anything."""
    return (*((item.instance, item.state) for item in ledger.items()), len(ledger.attempts()))


def _anywhere_but(spares: Spares) -> Aim:
    return Aim(spares=frozenset(spare.host for spare in spares.mine()))
