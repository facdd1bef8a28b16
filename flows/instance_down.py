"""Instance down: the guest of one instance failed, and its host lives: it is restarted there.

    verify    verify-instance -> look-at-instance         nothing to undo
    stop      stop-instance                               never undone
    start     start-instance                              never undone
    report    report-instance                             the outcome

What runs again by the time of the look is left alone, and so is what its owner has paused, shelved
or deleted. Nothing is taken back: an instance that was stopped here is started here, or a human is
asked. While its host is under a recovery of its own, no request is sent.
"""

from __future__ import annotations

from taskflow.patterns.graph_flow import Flow

from flows.patterns import phase
from flows.tasks.examining import LookAtInstance, ReportInstance, VerifyInstance
from flows.tasks.restarting import StartInstance, StopInstance


def build(
    *,
    hung: bool,
    look_seconds: float,
    busy_seconds: float,
    stop_seconds: float,
    start_seconds: float,
    instance_poll_seconds: float,
    read_seconds: float,
    write_seconds: float,
) -> Flow:
    """The graph for one instance. Pure, and stored like :func:`flows.host_down.build`.

    :param hung: the alarm says that the guest runs and does not answer: running is no health.
    """
    ask = {'poll_seconds': instance_poll_seconds, 'read_seconds': read_seconds}
    change = {**ask, 'write_seconds': write_seconds, 'busy_seconds': busy_seconds}
    return Flow('instance-down').add(
        phase(
            'verify',
            VerifyInstance('verify-instance'),
            LookAtInstance(
                'look-at-instance',
                hung=hung,
                look_seconds=look_seconds,
                busy_seconds=busy_seconds,
                **ask,
            ),
        ),
        phase(
            'stop', StopInstance('stop-instance', hung=hung, limit_seconds=stop_seconds, **change)
        ),
        phase('start', StartInstance('start-instance', limit_seconds=start_seconds, **change)),
        phase('report', ReportInstance('report-instance')),
    )
