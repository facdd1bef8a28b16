"""What a message of an alarm source would become."""

from __future__ import annotations

import argparse
from typing import Any

from recovery.cli import exits
from recovery.cli.alarm import CODES
from recovery.cli.plan import MARKS
from recovery.cli.verb import Lister, Table
from recovery.view import times


class Test(Lister):
    """Read a message of a source from the standard input, as if it had been posted. Writes nothing.

    Exit codes: 0 every alarm in it would be admitted, 1 one would be ignored, 4 one would be held,
    2 there is no such source, or nothing in the message can be read.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('source', metavar='SOURCE', help='as in [sources] file')
        parser.add_argument(
            '--query',
            action='append',
            default=[],
            metavar='NAME=VALUE',
            help='an argument of the URL, such as host=compute-01',
        )
        parser.add_argument('--gates', action='store_true', help='show what each gate answers')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        found = self._rehearse(parsed_args)
        self.outcome = _code(found)
        if parsed_args.formatter != 'table':
            return _columns(found)
        if parsed_args.gates:
            for one in found:
                self.say(f'{one.what} {one.kind} {one.host or one.spelled}: {one.answer}')
                self.say(*(f'{MARKS[gate["answer"]]} {gate["gate"]:<15} {gate["reason"]}'
                           for gate in one.gates))  # fmt: skip
        return ('What', 'Kind', 'Sent as', 'Host', 'At', 'Authority', 'Answer', 'Reason'), [
            (
                f'{one.what} (known)' if one.known else one.what,
                one.kind,
                one.spelled,
                one.host,
                '' if one.at is None else times.moment(one.at),
                one.authority,
                one.answer,
                one.reason,
            )
            for one in found
        ]

    def _rehearse(self, parsed_args: argparse.Namespace) -> Any:
        from drivers.alarms.body import parse
        from drivers.contracts.alarms import BadPayload
        from recovery.intake.rehearse import rehearse
        from recovery.intake.sources import BadSources, Sources

        site = self.context.site
        try:
            sources = Sources.of(site)
        except BadSources as error:
            raise exits.UsageError(str(error)) from error
        source = sources.get(parsed_args.source)
        if source is None:
            known = ', '.join(sorted(one.name for one in sources)) or 'none'
            raise exits.UsageError(
                f'no source of alarms is called {parsed_args.source!r}; [sources] file has: {known}'
            )
        try:
            payload = parse(_input(self.app.stdin))
            return rehearse(site, source, payload, dict(map(_pair, parsed_args.query)))
        except BadPayload as error:
            raise exits.UsageError(str(error)) from error


def _input(stdin: Any) -> bytes:
    stream = getattr(stdin, 'buffer', stdin)
    text = stream.read()
    return text if isinstance(text, bytes) else str(text).encode()


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition('=')
    if not equals:
        raise exits.UsageError(f'--query {text!r}: give NAME=VALUE')
    return name, value


def _code(found: Any) -> int:
    answers = [CODES[one.answer] for one in found if one.answer]
    return next((code for code in (exits.REFUSED, exits.WAITS) if code in answers), exits.DONE)


def _columns(found: Any) -> Table:
    rows = [one.as_dict() for one in found]
    names = ('what', 'reason', 'kind', 'spelled', 'host', 'key', 'at', 'known', 'authority',
             'answer', 'gate', 'gates')  # fmt: skip
    return names, [tuple(row[name] for name in names) for row in rows]
