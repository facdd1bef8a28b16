"""Alarms: what somebody outside said failed, and what was answered."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from recovery.cli import exits
from recovery.cli.verb import Lister, ShowOne, Table, Verb, Write
from recovery.view import times

RECENT_SECONDS = 86400.0
CODES = {'admit': exits.DONE, 'ignore': exits.REFUSED, 'hold': exits.WAITS}


class Raise(Verb):
    """Say that something failed, as a monitor would. Exit codes: 0 admitted, 1 ignored, 4 held."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('kind', metavar='KIND', help='failure kind, such as host-down')
        parser.add_argument(
            'subject',
            metavar='SUBJECT',
            help='the host as Nova spells it; for instance-down the UUID of the instance',
        )
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
        self.allow(parsed_args.subject)
        said = {
            'source': parsed_args.source,
            'key': parsed_args.key or self.context.clock.new_id(),
            'kind': parsed_args.kind,
            'subject': parsed_args.subject,
            'at': _at(parsed_args.at, self.context.clock.now()),
            'evidence': _evidence(parsed_args.evidence),
        }
        done = self.context.desk.raise_alarm(said, parsed_args.by)
        self.say(*answered(done))
        return CODES.get(done['answer'], exits.DONE)


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


def answered(done: Mapping[str, Any]) -> list[str]:
    """What became of an alarm or a wish, for people."""
    said: list[str] = done['said']
    return [*said, f'  next: {done["next"]}'] if done['next'] else said


class List(Lister):
    """Alarms, newest first: those of the last day."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('--all', action='store_true', help='however long ago they arrived')
        parser.add_argument('--answer', choices=['admit', 'hold', 'ignore', 'undecided'])
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        human, now = self.human(parsed_args), self.context.clock.now()
        since = None if parsed_args.all else now - RECENT_SECONDS
        columns = ('ID', 'Arrived', 'Source', 'Kind', 'Subject', 'Answer', 'Repeats', 'Recovery',
                   'Reason')  # fmt: skip
        return columns, [
            (
                row['id'][:8] if human else row['id'],
                times.moment(times.parsed(row['arrived_at'])) if human else row['arrived_at'],
                row['source'],
                row['kind'],
                row['subject'],
                row['answer'],
                row['repeats'],
                (row['recovery'] or '')[: 8 if human else 36],
                row['reason'] or '',
            )
            for row in self.context.desk.alarms(since, parsed_args.answer)
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
        found = self.context.desk.alarm(parsed_args.id)
        if self.human(parsed_args):
            found = found | {'decisions': _gates(found['decisions'])}
        return tuple(found), tuple(found.values())


def _gates(decisions: Any) -> str:
    """Every gate of every decision, a line each."""
    lines: list[str] = []
    for decision in decisions:
        lines.append(f'{decision["stage"]} {_moment(decision["at"])}: {decision["answer"]}')
        for one in decision['gates']:
            lines.append(f'  {one["answer"]:<6} {one["gate"]}: {one["reason"]}')
    return '\n'.join(lines)


def _moment(text: str) -> str:
    return times.moment(times.parsed(text))


class Decide(OfAlarm, Write):
    """Decide about an alarm now, if it is undecided or was ignored."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        row = self.context.desk.alarm(parsed_args.id)
        self.confirm(
            parsed_args,
            f'{row["source"]} said {row["kind"]} {row["subject"]}: {row["answer"]}. The gates are '
            'asked again.',
        )
        done = self.context.desk.decide(row['id'], parsed_args.reason)
        self.say(*answered(done))
        return CODES.get(done['answer'], exits.DONE)
