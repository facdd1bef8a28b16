"""Looking at recoveries: list, show, items, history, graph."""

from __future__ import annotations

import argparse
from typing import Any

from recovery.cli import exits
from recovery.cli.verb import Lister, ShowOne, Table
from recovery.view import times

RECENT_SECONDS = 86400.0
COLUMNS = ('ID', 'Kind', 'Host', 'State', 'Phase', 'Round', 'Instances', 'Since', 'Reason', 'Next')


class List(Lister):
    """Recoveries, newest first: the live ones, and those that ended within a day."""

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
        from recovery.view import recoveries

        store = self.context.store
        for state in parsed_args.state:
            if state not in states.MEANINGS:
                known = ', '.join(states.MEANINGS)
                raise exits.UsageError(f'there is no state {state!r}; there are: {known}')
        wanted = recoveries.Filter(
            states=parsed_args.state,
            host=parsed_args.host,
            kind=parsed_args.kind,
            since=_since(parsed_args, store.clock.now()),
        )
        human = self.human(parsed_args)
        return COLUMNS, [
            _listed(each, store, human) for each in recoveries.recoveries(store, wanted)
        ]


def _since(parsed_args: argparse.Namespace, now: float) -> float | None:
    if parsed_args.since:
        try:
            return times.since(parsed_args.since, now)
        except ValueError as error:
            raise exits.UsageError(f'--since: {error}') from error
    return None if parsed_args.all or parsed_args.state else now - RECENT_SECONDS


def _listed(each: Any, store: Any, human: bool) -> tuple[Any, ...]:
    from recovery.view.outlook import outlook

    row, seen = each.row, outlook(store, each)
    return (
        each.id[:8] if human else each.id,
        row['kind'],
        row['host'],
        each.state,
        row['phase'] or '',
        row['round'],
        str(each.items) if human else dict(each.items.counts),
        times.span(store.clock.now() - row['created_at'])
        if human
        else times.precise(row['created_at']),
        _cut(row['reason'] or '') if human else row['reason'] or '',
        seen.verb,
    )


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
        page = screen.read(self.context.store, parsed_args.id)
        console = screen.console(stream)
        for line in screen.lines(page, plain=screen.is_plain(stream)):
            console.print(line)

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Any, Any]:
        from recovery.cli import screen

        page = screen.read(self.context.store, parsed_args.id)
        found = described(page)
        return tuple(found), tuple(found.values())


def described(page: Any) -> dict[str, Any]:
    """A page for machines. Its keys are interface."""
    row = page.recovery.row
    moments = ('created_at', 'started_at', 'ended_at', 'next_check')
    when = {key: times.precise(row[key]) or None for key in moments}
    keys = ('id', 'kind', 'host', 'subject', 'state', 'phase', 'round', 'code', 'reason', 'worker')
    more = ('claims', 'requested_by', 'approved_by', 'superseded_by', 'undoing', 'notes')
    return {
        **{key: row[key] for key in (*keys, *more)},
        **when,
        'alarm': row['alarm'],
        'items': dict(page.recovery.items.counts),
        'held_by': page.outlook.sentence,
        'next': page.outlook.verb,
        'waits_for_human': page.outlook.human,
        'steps': [
            {
                'phase': step.phase,
                'name': step.name,
                'state': step.state,
                'seconds': _rounded(step.duration(page.now)),
                'attempt': step.attempt,
                'message': step.message,
            }
            for phase in page.phases
            for step in phase.steps
        ],
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


class Items(Lister):
    """The instances of a recovery, in the order of their evacuation."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('id', metavar='ID', help='its beginning is enough')
        parser.add_argument('--state', action='append', default=[], metavar='STATE')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        from recovery.db import states
        from recovery.view import recoveries

        for state in parsed_args.state:
            if state not in states.ITEM:
                known = ', '.join(states.ITEM)
                raise exits.UsageError(f'there is no item state {state!r}; there are: {known}')
        store = self.context.store
        each = recoveries.recovery(store, parsed_args.id)
        columns = ('Instance', 'Name', 'State', 'From', 'To', 'Attempts', 'Migration', 'Round',
                   'Priority', 'Seconds', 'Reason')  # fmt: skip
        now = store.clock.now()
        rows = recoveries.items(store, each.id, parsed_args.state)
        return columns, [_item(row, now) for row in rows]


def _item(row: Any, now: float) -> tuple[Any, ...]:
    begun = row['started_at']
    spent = '' if begun is None else round((row['ended_at'] or now) - begun, 1)
    return (
        row['instance'], row['name'], row['state'], row['source'], row['destination'] or '',
        row['attempts'], row['migration'] or '', row['round'], row['priority'], spent,
        row['reason'],
    )  # fmt: skip
