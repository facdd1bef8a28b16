"""Jobs: the recoveries that want a worker now, as the board delivers them."""

from __future__ import annotations

import argparse

from recovery.cli.exits import UsageError
from recovery.cli.verb import Lister, Table
from recovery.view import times


class List(Lister):
    """What is on the board, in the order of delivery. Who owns a recovery is not decided there."""

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        from recovery.view import boards

        human = self.human(parsed_args)
        try:
            jobs = boards.jobs(self.context.conf, self.context.store)
        except ValueError as error:
            raise UsageError(str(error)) from error
        return ('Recovery', 'Priority', 'Age', 'Owner'), [
            (
                job.recovery[:8] if human else job.recovery,
                job.priority,
                times.span(job.age) if human else round(job.age, 1),
                job.owner or '',
            )
            for job in jobs
        ]
