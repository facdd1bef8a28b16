"""Which options hold until the process is started anew; all others may be reloaded (SIGHUP).

A file of options says nothing about it: what may change while recoveries run is decided here, in
one place. A whole group is named by its name alone.
"""

from __future__ import annotations

FIXED = frozenset(
    {
        # Read when the application is made, and by the socket that listens.
        'api.auth',
        'api.listen',
        'api.max_body',
        'api.max_depth',
        'api.max_values',
        'api.project_id_regex',
        'api.threads',
        # Connections are open, and claims of the process are in that database and on that board.
        'database',
        'board.driver',
        'board.name',
        'board.url',
        # Listeners are open, with queues of these names.
        'bus',
        # The lease of a claim is what others wait for; names and limits are those of the start.
        'worker.claims',
        'worker.lease_seconds',
        'worker.own_host',
        'worker.recoveries',
        'evacuation.senders_of_process',
        'metrics.api_listen',
        'metrics.listen',
        'metrics.worker_listen',
    }
)


def fixed(group: str, option: str) -> bool:
    """Whether the option needs a restart."""
    return group in FIXED or f'{group}.{option}' in FIXED
