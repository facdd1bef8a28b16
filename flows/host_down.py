"""Host down: a compute host stopped answering, so its instances are evacuated.

    verify    verify-down                                 nothing to undo
    prepare   disable-service                             undone if it ends above the line
    --------------------------------------------------------- the line: intent to power off
    fence     power-off                                   never undone
    confirm   confirm-off                                 makes the proof
    restore   force-down -> list-instances -> evacuate    never undone
    report    report                                      the outcome

The line is crossed when the intent to power off is committed, before the first request: a host
that was told to die must not be handed back to the scheduler. Below it nothing is undone, and
what cannot go on waits for a human.
"""

from __future__ import annotations

from taskflow.patterns.graph_flow import Flow

from flows.evacuation.settings import EvacuationSettings
from flows.evacuation.table import Storage
from flows.patterns import phase
from flows.tasks.fencing import ConfirmOff, PowerOff
from flows.tasks.instances import Evacuate, ListInstances
from flows.tasks.report import Report
from flows.tasks.service import DisableService, ForceDown
from flows.tasks.verification import Verify


def build(
    *,
    fence_poll_seconds: float,
    fence_attempts: int,
    fence_again_seconds: float,
    confirm_seconds: float,
    proof_seconds: float,
    watch_seconds: float,
    shared_storage: bool,
    rebuild_local: bool,
    priority_key: str,
    at_once: int,
    senders: int,
    evacuation_poll_seconds: float,
    unsettled_seconds: float,
    absent_seconds: float,
    evacuation_attempts: int,
    spread: str,
    read_seconds: float,
    write_seconds: float,
) -> Flow:
    """The graph for one host. Pure: reads no option, loads no driver, asks no clock.

    Stored jobs keep this function's name, its arguments and every step's name: to change any of
    them add ``build_v2`` and keep this one while a record needs it. The arguments are the options
    of the same meaning in recovery.conf; all times in seconds.
    """
    storage = Storage(shared=shared_storage, rebuild_local=rebuild_local)
    settings = EvacuationSettings(
        at_once=at_once,
        senders=senders,
        poll_seconds=evacuation_poll_seconds,
        unsettled_seconds=unsettled_seconds,
        absent_seconds=absent_seconds,
        attempts=evacuation_attempts,
        spread=spread,
        read_seconds=read_seconds,
        write_seconds=write_seconds,
    )
    return Flow('host-down').add(
        phase('verify', Verify('verify-down')),
        phase('prepare', DisableService('disable-service', read_seconds=read_seconds)),
        phase(
            'fence',
            PowerOff(
                'power-off',
                poll_seconds=fence_poll_seconds,
                attempts=fence_attempts,
                again_seconds=fence_again_seconds,
            ),
        ),
        phase(
            'confirm',
            ConfirmOff(
                'confirm-off', confirm_seconds=confirm_seconds, again_seconds=fence_again_seconds
            ),
        ),
        phase(
            'restore',
            ForceDown('force-down', read_seconds=read_seconds, write_seconds=write_seconds),
            ListInstances(
                'list-instances',
                storage=storage,
                priority_key=priority_key,
                read_seconds=read_seconds,
            ),
            Evacuate(
                'evacuate',
                settings=settings,
                storage=storage,
                watch_seconds=watch_seconds,
                proof_seconds=proof_seconds,
                confirm_seconds=confirm_seconds,
            ),
        ),
        phase('report', Report('report')),
    )
