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
) -> Evacuation:
    """An evacuation of all items of the claimed recovery. Raises Waiting when Nova is away."""
    with nova():
        instances = compute.instances(host=claim.host, timeout=settings.read_seconds)
    baseline = int(ledger.notes().get(BASELINE, 0))
    look = Look(
        compute, claim.host, clock=clock, timeout=settings.read_seconds, known=instances,
        baseline=baseline,
    )  # fmt: skip
    roll = Roll(ledger.items(), ledger.attempts(), settings.at_once)
    judge = _judge(claim, ledger, look, roll, settings, storage, baseline, aim)
    shared: dict[str, Any] = {
        'claim': claim,
        'compute': compute,
        'watch': watch,
        'roll': roll,
        'clock': clock,
        'settings': settings,
        'aim': aim,
    }
    sender = Sender(slots=slots, unfit=ledger.hosts_under_recovery, **shared)
    return Evacuation(ledger=ledger, look=look, judge=judge, sender=sender, **shared)


def _judge(
    claim: Claim,
    ledger: Ledger,
    look: Look,
    roll: Roll,
    settings: EvacuationSettings,
    storage: Storage,
    baseline: int,
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
        aim=aim,
    )
