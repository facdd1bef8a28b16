"""Flows: what each failure kind leads to."""

from __future__ import annotations

import argparse

from recovery.cli.verb import Lister, Table


class List(Lister):
    """Failure kinds, and the phases of their flows."""

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        from recovery.view import shape

        rows = []
        for kind, point in shape.kinds().items():
            try:
                steps = shape.of_kind(kind)
            except (ImportError, AttributeError) as error:
                rows.append((kind, '', f'cannot be imported: {error}', point.value))
                continue
            phases = ', '.join(shape.phases(steps))
            rows.append((kind, phases, shape.about(kind), point.value))
        return ('Kind', 'Phases', 'About', 'Builder'), rows


class Show(Lister):
    """The steps of a flow, in their order."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('kind', metavar='KIND')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        from recovery.view import shape

        return ('Phase', 'Step', 'Takes', 'Gives', 'Undone', 'About'), [
            (
                step.phase,
                step.name,
                ', '.join(step.requires),
                ', '.join(step.provides),
                'yes' if step.undone else 'no',
                step.about,
            )
            for step in shape.of_kind(parsed_args.kind)
        ]
