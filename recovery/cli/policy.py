"""The policy: its gates, and decisions made again from their records."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from recovery.cli import exits, file
from recovery.cli.verb import Lister, Table

if TYPE_CHECKING:
    from recovery.policy.replay import Case, Replay

MARKS = {'admit': '+', 'hold': '=', 'ignore': 'x'}


class List(Lister):
    """The gates in the order in which they are asked."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('--kind', metavar='KIND', help='failure kind (default: all)')
        parser.add_argument('--stage', metavar='STAGE', help='only those asked then')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        from recovery.policy import directory, order

        kinds = _chosen('failure kind', parsed_args.kind, list(order.ORDER))
        stages = _chosen('stage', parsed_args.stage, [str(one) for one in order.Stage])
        stage = order.Stage(stages[0]) if parsed_args.stage else None
        columns = ('Kind', 'No', 'Gate', 'Question', 'Needs', 'When it cannot be asked',
                   'Approvable', 'Stages')  # fmt: skip
        return columns, [
            (
                one.kind,
                number,
                one.gate.name,
                one.gate.question,
                ', '.join(sorted(one.gate.needs)),
                one.gate.on_missing,
                'yes' if one.gate.approvable else 'no',
                ', '.join(one.stages),
            )
            for kind in kinds
            for number, one in enumerate(directory.entries(kind, stage), 1)
        ]


def _chosen(what: str, given: str | None, known: Sequence[str]) -> Sequence[str]:
    if given is None:
        return known
    if given not in known:
        raise exits.UsageError(f'there is no {what} {given!r}; there are: {", ".join(known)}')
    return [given]


class Test(Lister):
    """Make recorded decisions again, with the gates of this release.

    FILE is what 'recovery bundle ID --output FILE' or 'recovery plan HOST --record FILE' wrote.
    Exit codes: 0 every decision is the recorded one, or none is on record; 1 one differs; 2 the
    file is bad.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('file', metavar='FILE')
        parser.add_argument(
            '--decision', type=int, metavar='N', help='only this one of a bundle, counted from 1'
        )
        parser.add_argument(
            '--configured',
            action='store_true',
            help='with the limits of this configuration in place of the recorded ones',
        )
        parser.add_argument(
            '--set',
            action='append',
            default=[],
            metavar='LIMIT=NUMBER',
            help='with another limit, such as mass_count=5; may be repeated',
        )
        return parser

    def screen(self, parsed_args: argparse.Namespace) -> None:
        for number, one in self._replays(parsed_args):
            self.say(*_told(number, one))

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        columns = ('Decision', 'Stage', 'Gate', 'Then', 'Now', 'Differs', 'Reason')
        return columns, [
            (number, one.case.stage, line.gate, line.then or '', line.now or '',
             line.differs, line.reason)
            for number, one in self._replays(parsed_args)
            for line in one.lines
        ]  # fmt: skip

    def _replays(self, parsed_args: argparse.Namespace) -> list[tuple[int, Replay]]:
        from recovery.policy.reading import BadRecord
        from recovery.policy.replay import replay, with_limits

        changes = self._limits(parsed_args)
        try:
            found = [
                (number, replay(with_limits(case, changes)))
                for number, case in _cases(parsed_args.file)
                if parsed_args.decision in (None, number)
            ]
        except BadRecord as error:
            raise exits.UsageError(str(error)) from error
        if not found:
            raise exits.UsageError(f'{parsed_args.file} has no decision {parsed_args.decision}')
        if any(one.differences for _, one in found):
            self.outcome = exits.REFUSED
        return found

    def _limits(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """What is tried in place of what was recorded."""
        changes: dict[str, Any] = {}
        if parsed_args.configured:
            from recovery.limits import limits

            changes |= asdict(limits(self.context.conf))
        for text in parsed_args.set:
            name, _, value = text.partition('=')
            try:
                changes[name.strip()] = json.loads(value)
            except ValueError:
                raise exits.UsageError(f'--set takes LIMIT=NUMBER, and not {text!r}') from None
        return changes


def _cases(name: str) -> Iterator[tuple[int, Case]]:
    """Decisions of a file that can be made again, by their numbers. Raises UsageError."""
    from recovery.policy.reading import BadRecord
    from recovery.policy.replay import case_of
    from recovery.view import decision_file

    try:
        rows = decision_file.decisions(file.read(name))
        kept = [(number, row) for number, row in enumerate(rows, 1) if row.get('replay')]
        if not kept:
            raise BadRecord('what the gates looked at was kept with none of its decisions')
        for number, row in kept:
            yield number, case_of(row)
    except BadRecord as error:
        raise exits.UsageError(f'{name}: {error}') from error


def _told(number: int, one: Any) -> Iterator[str]:
    case, decision = one.case, one.decision
    inputs, by = case.recorded.inputs, f' by the gate "{decision.gate}"' if decision.gate else ''
    when = f' at {case.at}' if case.at else ''
    yield f'decision {number}: {case.stage} of {inputs.kind} {inputs.subject}{when}'
    for line in one.lines:
        mark = '!' if line.differs else MARKS[_plain(line.now)]
        then = f' (it said {line.then})' if line.differs else ''
        yield f'{mark} {line.gate:<15} {line.reason}{then}'
    yield f'{decision.word}{by}: {decision.answer.reason}'
    for note in case.recorded.notes:
        yield f'note: {note}'
    if case.answer is None:
        yield 'no decision is on record to compare with'
    elif not one.differences:
        yield 'as it was recorded'
    for difference in one.differences:
        yield f'differs: {difference}'
    yield ''


def _plain(now: str | None) -> str:
    """The plain answer of a line."""
    return (now or 'ignore').partition(' ')[0]
