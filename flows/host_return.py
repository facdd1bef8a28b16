"""Host return: a recovered host goes back into service.

    verify    verify-return -> check-settled                         nothing to undo
    power     power-on                                               never undone
    boot      wait-agent                                             nothing to undo
    open      clear-force-down -> wait-up -> check-leftovers
              -> enable-service -> confirm-open                      never undone
    report    report-return                                          the outcome

Clearing before the agent has started anew, or enabling before the service is up, would leave two
copies of an instance, or a host that is open and gets nothing: the order is Nova's, measured.
"""

from __future__ import annotations

from taskflow.patterns.graph_flow import Flow

from flows.patterns import phase
from flows.tasks.booting import WaitAgent, WaitUp
from flows.tasks.fencing import PowerOn
from flows.tasks.report import ReportReturn
from flows.tasks.returning import (
    CheckLeftovers,
    CheckSettled,
    ClearForceDown,
    ConfirmOpen,
    EnableService,
)
from flows.tasks.verification import Verify


def build(
    *,
    accept_leftovers: bool,
    rebooted: bool,
    fence_again_seconds: float,
    boot_seconds: float,
    healthy_seconds: float,
    restore_poll_seconds: float,
    read_seconds: float,
    write_seconds: float,
) -> Flow:
    """The graph for one host. Pure, and stored like :func:`flows.host_down.build`.

    :param accept_leftovers: an operator said that instances left on the host are in order.
    :param rebooted: an operator said that the host was rebooted since it failed.
    """
    ask = {'read_seconds': read_seconds}
    change = {'read_seconds': read_seconds, 'write_seconds': write_seconds}
    wait = {'boot_seconds': boot_seconds, 'poll_seconds': restore_poll_seconds}
    return Flow('host-return').add(
        phase(
            'verify',
            Verify('verify-return'),
            CheckSettled('check-settled', accept_leftovers=accept_leftovers, **ask),
        ),
        phase('power', PowerOn('power-on', again_seconds=fence_again_seconds, **ask)),
        phase('boot', WaitAgent('wait-agent', rebooted=rebooted, **wait, **ask)),
        phase(
            'open',
            ClearForceDown('clear-force-down', **change),
            WaitUp('wait-up', healthy_seconds=healthy_seconds, **wait, **ask),
            CheckLeftovers('check-leftovers', accept_leftovers=accept_leftovers, **ask),
            EnableService('enable-service', **change),
            ConfirmOpen('confirm-open', poll_seconds=restore_poll_seconds, **ask),
        ),
        phase('report', ReportReturn('report-return')),
    )
