"""Workers and watchers."""

from __future__ import annotations

import argparse

from recovery.cli import exits
from recovery.cli.people import who
from recovery.cli.verb import Lister, Table, Write
from recovery.view import times

COLUMNS = ('Name', 'Kind', 'Host', 'PID', 'Version', 'Alive', 'Draining', 'Started', 'Seen',
           'Recoveries')  # fmt: skip


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
            draining = one.draining_at is not None
            drains = f'by {one.draining_by}' if draining else ''
            rows.append(
                (one.name, one.kind, one.host, one.pid, one.version,
                 ('yes' if one.alive else 'no') if human else one.alive,
                 drains if human else draining, started, seen,
                 names if human else list(names)),
            )  # fmt: skip
        return COLUMNS, rows


class Drain(Write):
    """Let a worker take no new recoveries and end those that it runs, before it is stopped.

    It lasts until --undo, or until the process ends: a worker that is started anew takes
    recoveries again. To hand over at once what it runs, stop the process instead.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'name', metavar='NAME', nargs='?', help='see worker list; its beginning is enough'
        )
        parser.add_argument('--all', action='store_true', help='every worker that lives')
        parser.add_argument('--undo', action='store_true', help='let it take recoveries again')
        parser.add_argument(
            '--force', action='store_true', help='also when no other worker takes new recoveries'
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate import drain

        name, store = parsed_args.name, self.context.store
        if (name is None) != parsed_args.all:
            raise exits.UsageError('give the NAME of one worker, or --all')
        whom = name or 'every worker'
        if parsed_args.undo:
            self.confirm(parsed_args, f'New recoveries may be run by {whom} again.')
            names = drain.undo(store, name, by=who(), reason=parsed_args.reason)
            self.say(*(f'{one} takes recoveries again' for one in names))
            return exits.DONE
        self.confirm(
            parsed_args, f'No new recovery is run by {whom}; those under way run to their end.'
        )
        names = drain.drain(
            store, name, by=who(), reason=parsed_args.reason, force=parsed_args.force
        )
        self.say(*(f'{one} drains' for one in names), '  next: recovery worker list')
        return exits.DONE
