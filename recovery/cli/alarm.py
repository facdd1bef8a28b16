"""Alarms: what somebody outside said failed, and what was answered."""

from __future__ import annotations

import argparse
import json
from typing import Any

from recovery.cli import exits
from recovery.cli.people import who
from recovery.cli.verb import Lister, ShowOne, Table, Verb, Write
from recovery.view import times

RECENT_SECONDS = 86400.0
CODES = {'admit': exits.DONE, 'ignore': exits.REFUSED, 'hold': exits.WAITS}


class Raise(Verb):
    """Say that something failed, as a monitor would. Exit codes: 0 admitted, 1 ignored, 4 held."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('kind', metavar='KIND', help='failure kind, such as host-down')
        parser.add_argument('subject', metavar='HOST', help='the host as Nova spells it')
        parser.add_argument('--source', default='cli', help='who says it (default: cli)')
        parser.add_argument(
            '--key', help="the source's identifier: (source, key) is one alarm however often sent"
        )
        parser.add_argument('--at', metavar='TIME', help='when it happened (default: now)')
        parser.add_argument(
            '--evidence', default='{}', metavar='JSON', help='small JSON object, for people'
        )
        parser.add_argument('--by', default='', help='the human or service behind it')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from drivers.contracts.alarms import Alarm
        from recovery import intake

        self.allow(parsed_args.subject)
        clock = self.context.clock
        alarm = Alarm(
            source=parsed_args.source,
            key=parsed_args.key or clock.new_id(),
            kind=parsed_args.kind,
            subject=parsed_args.subject,
            at=_at(parsed_args.at, clock.now()),
            evidence=_evidence(parsed_args.evidence),
            requested_by=parsed_args.by or who(),
        )
        try:
            outcome = intake.receive(self.context.site, alarm)
        except intake.BadAlarm as error:
            raise exits.UsageError(str(error)) from error
        self.say(*answered(outcome))
        return CODES.get(outcome.answer, exits.DONE)


def _at(text: str | None, now: float) -> float:
    try:
        return now if text is None else times.at(text)
    except ValueError as error:
        raise exits.UsageError(f'--at: {error}') from error


def _evidence(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise exits.UsageError(f'--evidence is no JSON: {error}') from error
    if not isinstance(found, dict):
        raise exits.UsageError('--evidence must be a JSON object, such as {"ping": "lost"}')
    return found


def answered(outcome: Any) -> list[str]:
    """What became of an alarm or a wish, for people."""
    again = ' (as before)' if outcome.repeated else ''
    lines = [f'{outcome.answer}{again}: {outcome.reason}']
    if outcome.alarm:
        lines.append(f'alarm {outcome.alarm}')
    if outcome.recovery:
        lines.append(f'recovery {outcome.recovery}')
    verb = outcome.verb
    if not verb and outcome.answer == 'admit':
        verb = f'recovery watch {outcome.recovery[:8]}'
    return [*lines, f'  next: {verb}'] if verb else lines


class List(Lister):
    """Alarms, newest first: those of the last day."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('--all', action='store_true', help='however long ago they arrived')
        parser.add_argument('--answer', choices=['admit', 'hold', 'ignore', 'undecided'])
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        from recovery.view import alarms

        store, human = self.context.store, self.human(parsed_args)
        since = None if parsed_args.all else store.clock.now() - RECENT_SECONDS
        written = times.moment if human else times.precise
        columns = ('ID', 'Arrived', 'Source', 'Kind', 'Subject', 'Answer', 'Repeats', 'Recovery',
                   'Reason')  # fmt: skip
        return columns, [
            (
                row['id'][:8] if human else row['id'],
                written(row['arrived_at']),
                row['source'],
                row['kind'],
                row['subject'],
                row['answer'] or alarms.UNDECIDED,
                row['repeats'],
                (row['recovery'] or '')[: 8 if human else 36],
                row['reason'] or '',
            )
            for row in alarms.alarms(store, since=since, answer=parsed_args.answer)
        ]


class OfAlarm(Verb):
    """A command on one alarm."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('id', metavar='ALARM', help='its beginning is enough')
        return parser


class Show(OfAlarm, ShowOne):
    """One alarm: what was said, and how each gate answered."""

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Any, Any]:
        from recovery.view import alarms

        store, human = self.context.store, self.human(parsed_args)
        row = alarms.alarm(store, parsed_args.id)
        decisions = alarms.decisions(store, alarm_id=row['id'])
        found = dict(row) | {
            'at': times.precise(row['at']),
            'arrived_at': times.precise(row['arrived_at']),
            'answer': row['answer'] or alarms.UNDECIDED,
            'decisions': _gates(decisions) if human else [_decision(one) for one in decisions],
        }
        return tuple(found), tuple(found.values())


def _decision(row: Any) -> dict[str, Any]:
    return {key: row[key] for key in ('stage', 'answer', 'gate', 'reason', 'gates')} | {
        'at': times.precise(row['at'])
    }


def _gates(decisions: Any) -> str:
    """Every gate of every decision, a line each."""
    lines: list[str] = []
    for decision in decisions:
        lines.append(f'{decision["stage"]} {times.moment(decision["at"])}: {decision["answer"]}')
        for one in decision['gates']:
            lines.append(f'  {one["answer"]:<6} {one["gate"]}: {one["reason"]}')
    return '\n'.join(lines)


class Decide(OfAlarm, Write):
    """Decide about an alarm now, if it is undecided or was ignored."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate.alarm import decide
        from recovery.view import alarms

        row = alarms.alarm(self.context.store, parsed_args.id)
        self.confirm(
            parsed_args,
            f'{row["source"]} said {row["kind"]} {row["subject"]}: '
            f'{row["answer"] or alarms.UNDECIDED}. The gates are asked again.',
        )
        outcome = decide(self.context.site, row['id'], by=who(), reason=parsed_args.reason)
        self.say(*answered(outcome))
        return CODES.get(outcome.answer, exits.DONE)
