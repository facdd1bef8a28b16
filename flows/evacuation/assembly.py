"""Putting an evacuation together from its parts."""

from __future__ import annotations

from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver
from flows.asking import nova
from flows.evacuation.aim import ANYWHERE, Aim
from flows.evacuation.evacuation import Evacuation
from flows.evacuation.judge import Judge
from flows.evacuation.look import Look
from flows.evacuation.roll import Roll
from flows.evacuation.sender import Sender
from flows.evacuation.settings import EvacuationSettings
from flows.evacuation.slots import Slots
from flows.evacuation.table import Storage
from flows.fencing.watch import PowerWatch
from flows.ports import Claim, Ledger
from flows.records import Proof

#: The note that holds the service's newest report once it was forced down: no request of ours
#: moves it from then on, so that any later one is life (H3).
FORCED_REPORT = 'reported-when-forced-down'
BASELINE = 'migration-baseline'  #: the note that holds the newest record before our first evacuate


def evacuation_of(
    *,
    claim: Claim,
    ledger: Ledger,
    compute: ComputeDriver,
    watch: PowerWatch,
    slots: Slots,
    clock: Clock,
    settings: EvacuationSettings,
    storage: Storage,
    aim: Aim = ANYWHERE,
    word: Proof | None = None,
) -> Evacuation:
    """An evacuation of all items of the claimed recovery. Raises Waiting when Nova is away."""
    with nova():
        instances = compute.instances(host=claim.host, timeout=settings.read_seconds)
    baseline = int(ledger.notes().get(BASELINE, 0))
    # A proof by power is looked at all the time; of a human's word only a report tells the end.
    reported = ledger.notes().get(f'{FORCED_REPORT}-{claim.round}') if word else None
    look = Look(
        compute, claim.host, clock=clock, timeout=settings.read_seconds, known=instances,
        baseline=baseline, reported=reported,
    )  # fmt: skip
    roll = Roll(ledger.items(), ledger.attempts(), settings.at_once)
    judge = _judge(claim, ledger, look, roll, settings, storage, baseline, slots, aim)
    shared: dict[str, Any] = {
        'claim': claim,
        'compute': compute,
        'watch': watch,
        'roll': roll,
        'clock': clock,
        'settings': settings,
        'aim': aim,
    }
    sender = Sender(
        slots=slots, unfit=ledger.hosts_under_recovery, word=word.id if word else None,
        extend=ledger.extend_confirmation, **shared,
    )  # fmt: skip
    return Evacuation(ledger=ledger, look=look, judge=judge, sender=sender, **shared)


def _judge(
    claim: Claim,
    ledger: Ledger,
    look: Look,
    roll: Roll,
    settings: EvacuationSettings,
    storage: Storage,
    baseline: int,
    slots: Slots,
    aim: Aim,
) -> Judge:
    return Judge(
        claim=claim,
        ledger=ledger,
        look=look,
        roll=roll,
        storage=storage,
        baseline=baseline,
        attempts=settings.attempts,
        unsettled_seconds=settings.unsettled_seconds,
        absent_seconds=settings.absent_seconds,
        doubtful=ledger.doubtful_attempts(),
        memory=slots.memory,
        aim=aim,
    )
