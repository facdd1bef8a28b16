"""The history and the graph of a recovery."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from recovery.cli import exits
from recovery.cli.verb import Lister, Table, Verb
from recovery.view import times

if TYPE_CHECKING:
    from recovery.view.shape import StepShape
    from recovery.view.story import Entry

COLUMNS = ('Time', 'Sort', 'Round', 'Who', 'What', 'Why')
FORMATS = ('text', 'dot', 'mermaid')


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
            why = f': {one.why}' if one.why else ''
            who = f' [{one.who}]' if one.who else ''
            self.say(f'{times.moment(one.at)}  {one.sort:<8}  {one.what}{why}{who}')

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        return COLUMNS, [
            (times.precise(one.at), one.sort, one.round or '', one.who, one.what, one.why)
            for one in self._entries(parsed_args)
        ]

    def _entries(self, parsed_args: argparse.Namespace) -> list[Entry]:
        from recovery.view import recoveries
        from recovery.view.story import story

        store = self.context.store
        return [
            one
            for one in story(store, recoveries.recovery(store, parsed_args.id).row)
            if not parsed_args.sort or one.sort in parsed_args.sort
        ]


class Graph(Verb):
    """The graph of a recovery with the state of each step, or that of a failure kind."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('of', metavar='ID|KIND')
        parser.add_argument('-f', '--format', choices=FORMATS, default='text')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.view import draw, shape

        notes: dict[str, str] = {}
        if parsed_args.of in shape.kinds():
            name, steps = parsed_args.of, shape.of_kind(parsed_args.of)
        else:
            name, steps, notes = self._recovery(parsed_args.of)
        if parsed_args.format == 'dot':
            self.say(*draw.dot(name, steps))
        elif parsed_args.format == 'mermaid':
            self.say(*draw.mermaid(steps))
        else:
            self.say(*draw.text(steps, notes))
        return exits.DONE

    def _recovery(self, given: str) -> tuple[str, tuple[StepShape, ...], dict[str, str]]:
        from recovery.cli import screen
        from recovery.view import recoveries
        from recovery.view.steps import GLYPHS, PLAIN, shapes, tree

        store = self.context.store
        each = recoveries.recovery(store, given)
        glyphs = PLAIN if screen.is_plain(self.app.stdout) else GLYPHS
        notes = {
            step.name: f'{glyphs.get(step.state, "?")} '
            for phase in tree(store, each)
            for step in phase.steps
        }
        return each.row['kind'], shapes(store, each), notes
