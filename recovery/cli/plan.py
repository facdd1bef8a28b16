"""What would happen to a host, by the same gates that decide."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from recovery.cli import file
from recovery.cli.alarm import CODES
from recovery.cli.verb import ShowOne

SHOWN = 30
MARKS = {'admit': '+', 'hold': '=', 'ignore': 'x'}


class Plan(ShowOne):
    """What an alarm about a host, or an instance, would lead to now, gate by gate. Changes nothing.

    Exit codes: 0 it would be admitted, 1 ignored, 4 held.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'host',
            metavar='HOST',
            help='as Nova spells it; for instance-down the UUID of an instance',
        )
        parser.add_argument('--kind', default='host-down', help='failure kind (default: host-down)')
        parser.add_argument(
            '--record',
            metavar='FILE',
            help='a new file for the decision and what its gates looked at, for policy test',
        )
        return parser

    def screen(self, parsed_args: argparse.Namespace) -> None:
        self.say(*_lines(self._plan(parsed_args)))

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Any, Any]:
        found = self._plan(parsed_args)
        return tuple(found), tuple(found.values())

    def _plan(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        from recovery.policy import order
        from recovery.view.ids import Unknown

        if parsed_args.kind not in order.ORDER:
            known = ', '.join(sorted(order.ORDER))
            raise Unknown(f'there is no failure kind {parsed_args.kind!r}; there are: {known}')
        if parsed_args.record is not None:
            planned = self._recorded(parsed_args)
        else:
            planned = self.context.desk.plan(parsed_args.host, parsed_args.kind)
        self.outcome = CODES[planned['answer']]
        return planned

    def _recorded(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """Planned here, where everything that the gates looked at is at hand."""
        from recovery.intake.plan import plan
        from recovery.policy import order
        from recovery.view import decision_file

        planned = plan(self.context.site, parsed_args.host, parsed_args.kind)
        document = decision_file.document(str(order.Stage.PLAN), planned.decision)
        file.write(parsed_args.record, decision_file.text(document))
        return planned.as_dict()


def _lines(planned: Any) -> Iterator[str]:
    yield f'An alarm {planned["kind"]} {planned["host"]} now: {planned["answer"]}'
    yield f'  {planned["reason"]}'
    if planned['verb']:
        yield f'  next: {planned["verb"]}'
    yield ''
    for one in planned['gates']:
        yield f'{MARKS[one["answer"]]} {one["gate"]:<15} {one["reason"]}'
    yield ''
    for level in planned['levels']:
        yield from (f'fence level {level["number"]}: {one}' for one in level['devices'])
    if planned['instances'] is not None:
        yield from _instances(planned['instances'])
    for warning in planned['warnings']:
        yield f'warning: {warning}'


def _instances(instances: Any) -> Iterator[str]:
    yield f'{len(instances)} instances:'
    for one in instances[:SHOWN]:
        target = f' to {one["target"]}' if one['target'] else ''
        reason = f' ({one["reason"]})' if one['reason'] else ''
        yield f'  {one["action"]:<9} {one["name"]:<24} {one["vm_state"]:<10}{target}{reason}'
    if len(instances) > SHOWN:
        yield f'  ... and {len(instances) - SHOWN} more: -f json shows all'
