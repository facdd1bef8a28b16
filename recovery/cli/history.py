"""The history and the graph of a recovery."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recovery.cli import exits
from recovery.cli.verb import Lister, Table, Verb
from recovery.view import times

if TYPE_CHECKING:
    from recovery.view.shape import StepShape
    from recovery.view.story import Entry

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


@dataclass(frozen=True)
class _Drawn:
    """What is drawn; without states when it is a kind, which nobody runs."""

    kind: str
    title: str
    states: Mapping[str, str] = field(default_factory=dict)  #: by step
    times: Mapping[str, str] = field(default_factory=dict)  #: by step


class Graph(Verb):
    """The graph of a recovery with the state of each step, or that of a failure kind."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('of', metavar='ID|KIND')
        parser.add_argument('-f', '--format', choices=FORMATS, default='text')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.view import shape

        if parsed_args.of in shape.kinds():
            steps, drawn = shape.of_kind(parsed_args.of), _Drawn(parsed_args.of, parsed_args.of)
        else:
            steps, drawn = self._recovery(parsed_args.of)
        self.say(*self._lines(parsed_args.format, steps, drawn))
        return exits.DONE

    def _lines(self, form: str, steps: Sequence[StepShape], drawn: _Drawn) -> list[str]:
        from recovery.cli import screen
        from recovery.view import draw, svg
        from recovery.view.steps import GLYPHS, PLAIN

        if form == 'dot':
            return draw.dot(drawn.kind, steps, drawn.states)
        if form == 'mermaid':
            return draw.mermaid(steps, drawn.states)
        if form == 'svg':
            return svg.svg(drawn.title, steps, drawn.states, drawn.times)
        glyphs = PLAIN if screen.is_plain(self.app.stdout) else GLYPHS
        notes = {name: f'{glyphs.get(state, "?")} ' for name, state in drawn.states.items()}
        return draw.text(steps, notes)

    def _recovery(self, given: str) -> tuple[tuple[StepShape, ...], _Drawn]:
        from recovery.view import recoveries
        from recovery.view.steps import shapes, tree

        store = self.context.store
        each, now = recoveries.recovery(store, given), self.context.clock.now()
        row, found = each.row, [step for phase in tree(store, each) for step in phase.steps]
        title = f'{row["kind"]} of {row["host"]}: {each.state}'
        drawn = _Drawn(
            row['kind'],
            title if row['round'] == 1 else f'{title}, round {row["round"]}',
            {step.name: step.state for step in found},
            {step.name: times.span(step.duration(now)) for step in found},
        )
        return shapes(store, each), drawn
