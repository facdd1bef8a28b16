"""Service down: nova-compute of a host failed, and the host lives: it gets no new instances.

    verify    verify-service                              nothing to undo
    close     close-host                                  undone: enabled again, if it was us
    open      watch-service -> open-host                  nothing to undo
    report    report-service                              the outcome

Nothing is fenced and nothing evacuated: the guests run. A host that we have closed is opened again
when its service has reported for a while, unless the options leave that to a human.
"""

from __future__ import annotations

from taskflow.patterns.graph_flow import Flow

from flows.patterns import phase
from flows.tasks.closing import CloseHost, OpenHost, ReportService, WatchService
from flows.tasks.verification import Verify


def build(
    *,
    reopen: bool,
    healthy_seconds: float,
    restore_poll_seconds: float,
    read_seconds: float,
    write_seconds: float,
) -> Flow:
    """The graph for one host. Pure, and stored like :func:`flows.host_down.build`.

    :param reopen: open the host again when its service is healthy.
    """
    return Flow('service-down').add(
        phase('verify', Verify('verify-service')),
        phase('close', CloseHost('close-host', read_seconds=read_seconds)),
        phase(
            'open',
            WatchService(
                'watch-service',
                reopen=reopen,
                healthy_seconds=healthy_seconds,
                poll_seconds=restore_poll_seconds,
                read_seconds=read_seconds,
            ),
            OpenHost('open-host', read_seconds=read_seconds, write_seconds=write_seconds),
        ),
        phase('report', ReportService('report-service')),
    )
