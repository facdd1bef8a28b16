"""A look at everything the service needs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from recovery.cli import exits
from recovery.cli.verb import Lister, Table

if TYPE_CHECKING:
    from recovery.view.finding import Finding


class Doctor(Lister):
    """Check database, board, workers, Nova, inventory, clocks and options; say what to do.

    Exit codes: 0 nothing bad, 1 something is bad, 5 something did not answer.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--devices', action='store_true', help='also ask every device of every host'
        )
        return parser

    def screen(self, parsed_args: argparse.Namespace) -> None:
        for one in self._findings(parsed_args):
            self.say(f'{one.level:<4}  {one.check:<10}  {one.finding}')
            if one.todo:
                self.say(f'{"":<18}-> {one.todo}')

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        rows = [
            (str(one.level), one.check, one.finding, one.todo)
            for one in self._findings(parsed_args)
        ]
        return ('State', 'Check', 'Finding', 'What to do'), rows

    def _findings(self, parsed_args: argparse.Namespace) -> Iterator[Finding]:
        from recovery.view.finding import Level

        for one in self.context.desk.findings(parsed_args.devices):
            yield one
            if one.level == Level.AWAY:
                self.outcome = exits.UNREACHABLE
            elif one.level == Level.BAD and self.outcome == exits.DONE:
                self.outcome = exits.REFUSED
