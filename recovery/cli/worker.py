"""Workers and watchers."""

from __future__ import annotations

import argparse
from typing import Any

from recovery.cli import exits
from recovery.cli.verb import Lister, Table, Write
from recovery.view import times

COLUMNS = ('Name', 'Kind', 'Host', 'PID', 'Version', 'Alive', 'Draining', 'Started', 'Seen',
           'Recoveries')  # fmt: skip


class List(Lister):
    """The processes of the service, the living first."""

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        human, now = self.human(parsed_args), self.context.clock.now()
        workers = self.context.desk.workers()
        return COLUMNS, [_told(one, now) if human else _plain(one) for one in workers]


def _told(one: dict[str, Any], now: float) -> tuple[Any, ...]:
    seen, started = times.parsed(one['seen_at']) or now, times.parsed(one['started_at'])
    drains = f'by {one["draining_by"]}' if one['draining_at'] else ''
    names = ', '.join(name[:8] for name in one['recoveries'])
    return (
        one['name'], one['kind'], one['host'], one['pid'], one['version'],
        'yes' if one['alive'] else 'no', drains, times.moment(started),
        f'{times.span(now - seen)} ago', names,
    )  # fmt: skip


def _plain(one: dict[str, Any]) -> tuple[Any, ...]:
    return (
        one['name'], one['kind'], one['host'], one['pid'], one['version'], one['alive'],
        one['draining_at'] is not None, one['started_at'], one['seen_at'], one['recoveries'],
    )  # fmt: skip


class Drain(Write):
    """Let a worker take no new recoveries and end those that it runs, before it is stopped.

    It lasts until --undo, or until the process ends: a worker that is started anew takes
    recoveries again. With --now it also lets go of what it runs, as if it were stopped, and
    other workers go on with the interrupted steps.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'name', metavar='NAME', nargs='?', help='see worker list; its beginning is enough'
        )
        parser.add_argument('--all', action='store_true', help='every worker that lives')
        parser.add_argument(
            '--now', action='store_true', help='hand over what it runs to other workers at once'
        )
        parser.add_argument('--undo', action='store_true', help='let it take recoveries again')
        parser.add_argument(
            '--force', action='store_true', help='also when no other worker takes new recoveries'
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        name, desk = parsed_args.name, self.context.desk
        if (name is None) != parsed_args.all:
            raise exits.UsageError('give the NAME of one worker, or --all')
        if parsed_args.now and parsed_args.undo:
            raise exits.UsageError('give --now or --undo: what it let go of does not come back')
        whom = name or 'every worker'
        order: dict[str, Any] = {'reason': parsed_args.reason}
        if parsed_args.undo:
            self.confirm(parsed_args, f'New recoveries may be run by {whom} again.')
            done = desk.order_workers(name, {'action': 'undrain', **order})
            self.say(*done['said'])
            return exits.DONE
        under_way = 'are let go of at once' if parsed_args.now else 'run to their end'
        self.confirm(parsed_args, f'No new recovery is run by {whom}; those under way {under_way}.')
        order |= {key: True for key in ('force', 'now') if getattr(parsed_args, key)}
        done = desk.order_workers(name, {'action': 'drain', **order})
        self.say(*done['said'], f'  next: {done["next"]}')
        return exits.DONE
