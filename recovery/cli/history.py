"""The history and the graph of a recovery."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from recovery.cli import exits
from recovery.cli.verb import Lister, Table, Verb
from recovery.view import times

COLUMNS = ('Time', 'Sort', 'Round', 'Who', 'What', 'Why')
FORMATS = ('text', 'dot', 'mermaid', 'svg')


class History(Lister):
    """Everything that was decided, done and said in a recovery, oldest first."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('id', metavar='ID', help='its beginning is enough')
        parser.add_argument(
            '--sort',
            action='append',
            default=[],
            choices=['alarm', 'decision', 'intent', 'attempt', 'proof', 'event'],
        )
        return parser

    def screen(self, parsed_args: argparse.Namespace) -> None:
        for one in self._entries(parsed_args):
            why = f': {one["why"]}' if one['why'] else ''
            who = f' [{one["who"]}]' if one['who'] else ''
            at = times.moment(times.parsed(one['at']))
            self.say(f'{at}  {one["sort"]:<8}  {one["what"]}{why}{who}')

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        return COLUMNS, [
            (one['at'], one['sort'], one['round'] or '', one['who'], one['what'], one['why'])
            for one in self._entries(parsed_args)
        ]

    def _entries(self, parsed_args: argparse.Namespace) -> Iterable[dict[str, Any]]:
        return self.context.desk.history(parsed_args.id, parsed_args.sort)


class Graph(Verb):
    """The graph of a recovery with the state of each step, or that of a failure kind."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('of', metavar='ID|KIND')
        parser.add_argument('-f', '--format', choices=FORMATS, default='text')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.cli import screen

        plain = screen.is_plain(self.app.stdout)
        self.say(*self.context.desk.graph(parsed_args.of, parsed_args.format, plain))
        return exits.DONE
