"""Workers and watchers."""

from __future__ import annotations

import argparse

from recovery.cli.verb import Lister, Table
from recovery.view import times

COLUMNS = ('Name', 'Kind', 'Host', 'PID', 'Version', 'Alive', 'Started', 'Seen', 'Recoveries')


class List(Lister):
    """The processes of the service, the living first."""

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        from recovery.view.workers import workers

        store, human = self.context.store, self.human(parsed_args)
        now, rows = store.clock.now(), []
        for one in workers(store):
            seen = f'{times.span(now - one.seen_at)} ago' if human else times.precise(one.seen_at)
            started = times.moment(one.started_at) if human else times.precise(one.started_at)
            names = ', '.join(name[:8] for name in one.recoveries) if human else one.recoveries
            rows.append(
                (one.name, one.kind, one.host, one.pid, one.version,
                 ('yes' if one.alive else 'no') if human else one.alive, started, seen,
                 names if human else list(names)),
            )  # fmt: skip
        return COLUMNS, rows
