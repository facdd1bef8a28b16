"""Host down: a compute host stopped answering, so its instances are evacuated.

    verify    verify-down                                 nothing to undo
    prepare   disable-service                             undone if it ends above the line
    --------------------------------------------------------- the line: intent to power off
    fence     power-off                                   never undone
    confirm   confirm-off                                 makes the proof
    restore   force-down -> list-instances
              -> take-spare -> evacuate -> evacuate-rest
              -> return-spare                             never undone
    report    report                                      the outcome

With the recovery method auto, which knows no spares, restore is force-down -> list-instances ->
evacuate.

The line is crossed when the intent to power off is committed, before the first request: a host
that was told to die must not be handed back to the scheduler. Below it nothing is undone, and
what cannot go on waits for a human.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taskflow.patterns.graph_flow import Flow

from flows.evacuation.choice import IGNORE, Choice
from flows.evacuation.settings import EvacuationSettings
from flows.evacuation.table import Storage
from flows.patterns import phase
from flows.tasks.fencing import ConfirmOff, PowerOff
from flows.tasks.instances import Evacuate, ListInstances
from flows.tasks.report import Report
from flows.tasks.service import DisableService, ForceDown
from flows.tasks.spares import AUTO, EvacuateFirst, EvacuateRest, ReturnSpare, TakeSpare
from flows.tasks.step import Step
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
    them add ``build_v3`` and keep this one while a record needs it. The arguments are the options
    of the same meaning in recovery.conf; all times in seconds. Of an earlier release: no methods,
    and nobody who asks to go first.
    """
    return build_v2(
        method=AUTO,
        ha_key='HA_Enabled',
        ha_mode=IGNORE,
        leave_in_error=False,
        exclude='',
        spare_aggregates=False,
        fence_poll_seconds=fence_poll_seconds,
        fence_attempts=fence_attempts,
        fence_again_seconds=fence_again_seconds,
        confirm_seconds=confirm_seconds,
        proof_seconds=proof_seconds,
        watch_seconds=watch_seconds,
        shared_storage=shared_storage,
        rebuild_local=rebuild_local,
        priority_key=priority_key,
        at_once=at_once,
        senders=senders,
        evacuation_poll_seconds=evacuation_poll_seconds,
        unsettled_seconds=unsettled_seconds,
        absent_seconds=absent_seconds,
        evacuation_attempts=evacuation_attempts,
        spread=spread,
        read_seconds=read_seconds,
        write_seconds=write_seconds,
    )


def build_v2(
    *,
    method: str,
    fence_poll_seconds: float,
    fence_attempts: int,
    fence_again_seconds: float,
    confirm_seconds: float,
    proof_seconds: float,
    watch_seconds: float,
    shared_storage: bool,
    rebuild_local: bool,
    ha_key: str,
    ha_mode: str,
    leave_in_error: bool,
    exclude: str,
    priority_key: str,
    at_once: int,
    senders: int,
    evacuation_poll_seconds: float,
    unsettled_seconds: float,
    absent_seconds: float,
    evacuation_attempts: int,
    spread: str,
    spare_aggregates: bool,
    read_seconds: float,
    write_seconds: float,
) -> Flow:
    """The graph for one host, by the recovery method of its segment; else as :func:`build`.

    :param method: auto, reserved_host, auto_priority or rh_priority.
    :param exclude: rules of instances that are left, one in each line.
    """
    choice = Choice(ha_key, ha_mode, leave_in_error, exclude, priority_key)
    sending: dict[str, Any] = {
        'settings': EvacuationSettings(
            at_once=at_once,
            senders=senders,
            poll_seconds=evacuation_poll_seconds,
            unsettled_seconds=unsettled_seconds,
            absent_seconds=absent_seconds,
            attempts=evacuation_attempts,
            spread=spread,
            read_seconds=read_seconds,
            write_seconds=write_seconds,
        ),
        'storage': Storage(shared=shared_storage, rebuild_local=rebuild_local),
        'watch_seconds': watch_seconds,
        'proof_seconds': proof_seconds,
        'confirm_seconds': confirm_seconds,
    }
    find = {'storage': sending['storage'], 'choice': choice, 'read_seconds': read_seconds}
    return _flow(
        ListInstances('list-instances', **find),
        *_evacuating(method, spare_aggregates, sending),
        fence=PowerOff(
            'power-off',
            poll_seconds=fence_poll_seconds,
            attempts=fence_attempts,
            again_seconds=fence_again_seconds,
        ),
        confirm=ConfirmOff(
            'confirm-off', confirm_seconds=confirm_seconds, again_seconds=fence_again_seconds
        ),
        report=Report('report') if method == AUTO else Report('report', rebind=['returned']),
        read_seconds=read_seconds,
        write_seconds=write_seconds,
    )


def _flow(
    *restore: Step,
    fence: Step,
    confirm: Step,
    report: Step,
    read_seconds: float,
    write_seconds: float,
) -> Flow:
    force_down = ForceDown('force-down', read_seconds=read_seconds, write_seconds=write_seconds)
    return Flow('host-down').add(
        phase('verify', Verify('verify-down')),
        phase('prepare', DisableService('disable-service', read_seconds=read_seconds)),
        phase('fence', fence),
        phase('confirm', confirm),
        phase('restore', force_down, *restore),
        phase('report', report),
    )


def _evacuating(method: str, aggregates: bool, sending: Mapping[str, Any]) -> tuple[Step, ...]:
    if method == AUTO:
        return (Evacuate('evacuate', **sending),)
    settings: EvacuationSettings = sending['settings']
    change: dict[str, Any] = {
        'read_seconds': settings.read_seconds,
        'write_seconds': settings.write_seconds,
    }
    spare: dict[str, Any] = {'method': method, 'aggregates': aggregates}
    return (
        TakeSpare('take-spare', attempts=settings.attempts, **spare, **change),
        EvacuateFirst('evacuate', method=method, **sending),
        EvacuateRest('evacuate-rest', **spare, **sending),
        ReturnSpare('return-spare', **change),
    )
