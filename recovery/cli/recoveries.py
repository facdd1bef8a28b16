"""Looking at recoveries: list, show, items, history, graph."""

from __future__ import annotations

import argparse
from typing import Any

from recovery.cli import exits
from recovery.cli.verb import Lister, ShowOne, Table
from recovery.view import times

RECENT_SECONDS = 86400.0
FEW = 3  #: recoveries that a storm holds, and that are still listed one by one
COLUMNS = ('ID', 'Kind', 'Host', 'State', 'Phase', 'Round', 'Instances', 'Since', 'Reason', 'Next')


class List(Lister):
    """Recoveries, newest first: the live ones, and those that ended within a day.

    What a storm holds is one line of the table; --state held, --all and other formats list each.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('--all', action='store_true', help='however long ago they ended')
        parser.add_argument(
            '--state', action='append', default=[], metavar='STATE', help='may be repeated'
        )
        parser.add_argument('--host', metavar='HOST')
        parser.add_argument('--kind', metavar='KIND', help='failure kind, such as host-down')
        parser.add_argument(
            '--since', metavar='TIME', help='ended after: 15m, 2h, 7d ago, or an ISO 8601 time'
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        from recovery.db import states

        now = self.context.clock.now()
        for state in parsed_args.state:
            if state not in states.MEANINGS:
                known = ', '.join(states.MEANINGS)
                raise exits.UsageError(f'there is no state {state!r}; there are: {known}')
        found = self.context.desk.recoveries(
            states=parsed_args.state,
            host=parsed_args.host,
            kind=parsed_args.kind,
            since=_since(parsed_args, now),
        )
        human = self.human(parsed_args)
        if human and not parsed_args.all and not parsed_args.state:
            listed, more = _without_storms([*found])
            return COLUMNS, [*(_listed(each, now, human) for each in listed), *more]
        return COLUMNS, [_listed(each, now, human) for each in found]


def _since(parsed_args: argparse.Namespace, now: float) -> float | None:
    if parsed_args.since:
        try:
            return times.since(parsed_args.since, now)
        except ValueError as error:
            raise exits.UsageError(f'--since: {error}') from error
    return None if parsed_args.all or parsed_args.state else now - RECENT_SECONDS


def _listed(one: Any, now: float, human: bool) -> tuple[Any, ...]:
    from recovery.view.recoveries import Items

    return (
        one['id'][:8] if human else one['id'],
        one['kind'],
        _where(one) if human else one['host'],
        one['state'],
        one['phase'] or '',
        one['round'],
        str(Items(one['items'])) if human else one['items'],
        times.span(now - (times.parsed(one['created_at']) or now)) if human else one['created_at'],
        _cut(one['reason'] or '') if human else one['reason'] or '',
        one['next'],
    )


def _without_storms(found: list[Any]) -> tuple[list[Any], list[tuple[Any, ...]]]:
    """Of what a storm holds one line for all, when it is more than a few; and the rest."""
    from recovery.policy.gates.storm import STORMY

    stormy = [one for one in found if one['state'] == 'held' and one['code'] in STORMY]
    if len(stormy) <= FEW:
        return found, []
    kinds = ', '.join(sorted({str(one['kind']) for one in stormy}))
    hosts = len({one['host'] for one in stormy})
    line = ('', kinds, f'{hosts} hosts', 'held', '', '', '', '', _cut(stormy[0]['reason'] or ''),
            'recovery list --state held')  # fmt: skip
    held = {one['id'] for one in stormy}
    return [one for one in found if one['id'] not in held], [line]


def _where(one: Any) -> str:
    """The host; of an instance its beginning, too."""
    host, subject = str(one['host']), str(one['subject'])
    return host if subject == host else f'{subject[:8]} on {host}'


def _cut(text: str, width: int = 60) -> str:
    return text if len(text) <= width else f'{text[: width - 1]}…'


class Show(ShowOne):
    """One recovery: its steps, its instances, what holds it, and the command that moves it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('id', metavar='ID', help='its beginning is enough')
        return parser

    def screen(self, parsed_args: argparse.Namespace) -> None:
        from recovery.cli import screen

        stream = self.app.stdout
        page = self.context.desk.page(parsed_args.id)
        console = screen.console(stream)
        for line in screen.lines(page, plain=screen.is_plain(stream)):
            console.print(line)

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Any, Any]:
        found = self.context.desk.recovery(parsed_args.id)
        return tuple(found), tuple(found.values())


class Items(Lister):
    """The instances of a recovery, in the order of their evacuation."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('id', metavar='ID', help='its beginning is enough')
        parser.add_argument('--state', action='append', default=[], metavar='STATE')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        from recovery.db import states

        for state in parsed_args.state:
            if state not in states.ITEM:
                known = ', '.join(states.ITEM)
                raise exits.UsageError(f'there is no item state {state!r}; there are: {known}')
        columns = ('Instance', 'Name', 'State', 'From', 'To', 'Attempts', 'Migration', 'Round',
                   'Priority', 'Seconds', 'Reason')  # fmt: skip
        now = self.context.clock.now()
        rows = self.context.desk.items(parsed_args.id, parsed_args.state)
        return columns, [_item(row, now) for row in rows]


def _item(row: Any, now: float) -> tuple[Any, ...]:
    begun, ended = times.parsed(row['started_at']), times.parsed(row['ended_at'])
    spent = '' if begun is None else round((ended or now) - begun, 1)
    return (
        row['instance'], row['name'], row['state'], row['source'], row['destination'] or '',
        row['attempts'], row['migration'] or '', row['round'], row['priority'], spent,
        row['reason'],
    )  # fmt: skip
