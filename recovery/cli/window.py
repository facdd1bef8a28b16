"""Maintenance windows: list, add, close."""

from __future__ import annotations

import argparse
from typing import Any

from recovery.cli import exits
from recovery.cli.scope import add_scope, named_scope, scope_of
from recovery.cli.verb import Lister, Table, Write
from recovery.view import times


class List(Lister):
    """Windows that are open or planned; with --all also those that have ended."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('--all', action='store_true', help='also those that have ended')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        human = self.human(parsed_args)
        return ('ID', 'Scope', 'State', 'Begins', 'Ends', 'By', 'Reason'), [
            (
                one['id'][:8] if human else one['id'],
                one['scope'],
                one['state'],
                times.moment(times.parsed(one['begins_at'])) if human else one['begins_at'],
                times.moment(times.parsed(one['ends_at'])) if human else one['ends_at'],
                one['by'],
                one['reason'],
            )
            for one in self.context.desk.windows(parsed_args.all)
        ]


class Add(Write):
    """Leave the cloud, a segment or a host alone for a time, which ends by itself."""

    reason_required = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_scope(parser)
        parser.add_argument(
            '--begin', metavar='TIME', help='ISO 8601 or seconds since 1970 (default: now)'
        )
        end = parser.add_mutually_exclusive_group(required=True)
        end.add_argument('--end', metavar='TIME', help='ISO 8601 or seconds since 1970')
        end.add_argument(
            '--last', metavar='TIME', help='how long it lasts from its beginning: 90m, 2h, 1d'
        )
        return parser

    def segment_of(self, parsed_args: argparse.Namespace) -> str | None:
        segment: str | None = parsed_args.segment
        return segment

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.db import scopes

        scope, begins, ends = scope_of(parsed_args), *_span(parsed_args, self.context.clock.now())
        self.confirm(
            parsed_args,
            f'From {times.moment(begins)} to {times.moment(ends)} alarms about '
            f'{scopes.words(scope)} are held, and recoveries there do not power off.',
        )
        order = {'reason': parsed_args.reason, 'ends_at': ends, **named_scope(parsed_args)}
        order |= {} if parsed_args.begin is None else {'begins_at': begins}
        self.tell(self.context.desk.add_window(order))
        return exits.DONE


class Close(Write):
    """End a window before its time."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('id', metavar='ID', help='of the window; its beginning is enough')
        return parser

    def segment_of(self, parsed_args: argparse.Namespace) -> str | None:
        found: str = self._found(parsed_args)['scope']
        return found.removeprefix('segment:') if found.startswith('segment:') else None

    def _found(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        return self.context.desk.window(parsed_args.id)

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.db import scopes

        window = self._found(parsed_args)
        scope: str = window['scope']
        host = scope.removeprefix('host:') if scope.startswith('host:') else ''
        self.confirm(
            parsed_args,
            f'Window {window["id"][:8]} of {scopes.words(scope)} ({window["reason"]}) ends now: '
            'alarms held by it may fence hosts.',
            host=host,
        )
        self.tell(self.context.desk.close_window(window['id'], parsed_args.reason))
        return exits.DONE


def _span(parsed_args: argparse.Namespace, now: float) -> tuple[float, float]:
    try:
        begins = now if parsed_args.begin is None else times.at(parsed_args.begin)
        if parsed_args.end is not None:
            return begins, times.at(parsed_args.end)
        return begins, begins + times.lasting(parsed_args.last)
    except ValueError as error:
        raise exits.UsageError(str(error)) from error
