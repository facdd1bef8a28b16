"""Maintenance windows: list, add, close."""

from __future__ import annotations

import argparse

from recovery.cli import exits
from recovery.cli.people import who
from recovery.cli.scope import add_scope, scope_of
from recovery.cli.verb import Lister, Table, Write
from recovery.view import times


class List(Lister):
    """Windows that are open or planned; with --all also those that have ended."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('--all', action='store_true', help='also those that have ended')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        from recovery.db import windows

        store, human = self.context.store, self.human(parsed_args)
        now = store.clock.now()
        written = times.moment if human else times.precise
        with store.read() as connection:
            found = windows.every(connection, since=None if parsed_args.all else now)
        return ('ID', 'Scope', 'State', 'Begins', 'Ends', 'By', 'Reason'), [
            (
                one.id[:8] if human else one.id,
                one.scope,
                one.state(now),
                written(one.begins_at),
                written(one.ends_at if one.closed_at is None else one.closed_at),
                one.by,
                one.reason,
            )
            for one in found
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
        from recovery.operate import windows

        scope, begins, ends = scope_of(parsed_args), *_span(parsed_args, self.context.clock.now())
        self.confirm(
            parsed_args,
            f'From {times.moment(begins)} to {times.moment(ends)} alarms about '
            f'{scopes.words(scope)} are held, and recoveries there do not power off.',
        )
        added = windows.add(
            self.context.store,
            scope=scope,
            begins_at=None if parsed_args.begin is None else begins,
            ends_at=ends,
            by=who(),
            reason=parsed_args.reason,
        )
        self.say(
            f'window {added.id[:8]} of {scopes.words(scope)} ends at {times.moment(ends)}',
            f'  next: recovery window close {added.id[:8]}',
        )
        return exits.DONE


class Close(Write):
    """End a window before its time."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('id', metavar='ID', help='of the window; its beginning is enough')
        return parser

    def segment_of(self, parsed_args: argparse.Namespace) -> str | None:
        from recovery.operate import windows

        found = windows.find(self.context.store, parsed_args.id).scope
        return found.removeprefix('segment:') if found.startswith('segment:') else None

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.db import scopes
        from recovery.operate import windows

        window = windows.find(self.context.store, parsed_args.id)
        words = scopes.words(window.scope)
        host = window.scope.removeprefix('host:') if window.scope.startswith('host:') else ''
        self.confirm(
            parsed_args,
            f'Window {window.id[:8]} of {words} ({window.reason}) ends now: alarms held by it may '
            'fence hosts.',
            host=host,
        )
        windows.close(self.context.store, window, by=who(), reason=parsed_args.reason)
        self.say(f'window {window.id[:8]} of {words} is closed')
        return exits.DONE


def _span(parsed_args: argparse.Namespace, now: float) -> tuple[float, float]:
    try:
        begins = now if parsed_args.begin is None else times.at(parsed_args.begin)
        if parsed_args.end is not None:
            return begins, times.at(parsed_args.end)
        return begins, begins + times.lasting(parsed_args.last)
    except ValueError as error:
        raise exits.UsageError(str(error)) from error
