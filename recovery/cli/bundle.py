"""The proof bundle: one file with everything on record about a recovery."""

from __future__ import annotations

import argparse
from typing import Any

from recovery.cli import exits, file
from recovery.cli.verb import Verb


class Bundle(Verb):
    """Write the proof bundle of a recovery, or check one that was written.

    Exit codes of a check: 0 it is as it was written, 1 it is not, 2 it is no bundle.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('id', metavar='ID', nargs='?', help='its beginning is enough')
        parser.add_argument(
            '--alarm', metavar='ALARM', help='of an alarm instead, such as one that was ignored'
        )
        parser.add_argument(
            '--output', '-o', metavar='FILE', help='a new file (default: the terminal)'
        )
        parser.add_argument(
            '--check',
            metavar='FILE',
            help='compare a bundle with its digest, and with ID also with the database',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        one = parsed_args
        if one.id is not None and one.alarm is not None:
            raise exits.UsageError('name a recovery or an alarm, and not both')
        if one.check is not None:
            if one.output is not None:
                raise exits.UsageError('--check writes nothing: leave --output away')
            return self._check(one)
        if one.id is None and one.alarm is None:
            raise exits.UsageError('name a recovery, an alarm with --alarm, or a file with --check')
        return self._write(one)

    def _document(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        desk = self.context.desk
        if parsed_args.alarm is not None:
            return desk.bundle_of_alarm(parsed_args.alarm)
        return desk.bundle(parsed_args.id)

    def _write(self, parsed_args: argparse.Namespace) -> int:
        from recovery.view import bundle_file

        document, name = self._document(parsed_args), parsed_args.output
        if name is None:
            self.say(*bundle_file.text(document))
            return exits.DONE
        file.write(name, bundle_file.text(document))
        self.say(f'{name}: {_of(document["body"])}', f'sha256 {document["digest"]["whole"]}')
        return exits.DONE

    def _check(self, parsed_args: argparse.Namespace) -> int:
        from recovery.view import bundle_file

        name = parsed_args.check
        document = file.read(name)
        try:
            found = bundle_file.differences(document)
        except bundle_file.BadBundle as error:
            raise exits.UsageError(f'{name}: {error}') from error
        if parsed_args.id is not None or parsed_args.alarm is not None:
            found += bundle_file.against(document['body'], self._document(parsed_args)['body'])
        if found:
            self.say(*(f'{name}: {one}' for one in found))
            return exits.REFUSED
        self.say(
            f'{name} is as it was written: {_of(document["body"])}',
            f'sha256 {document["digest"]["whole"]}',
        )
        return exits.DONE


def _of(body: Any) -> str:
    one, made = body['recovery'], body['made']['at']
    if one is None:
        told = [
            f'alarm {each["kind"]} {each["subject"]}, {each["answer"] or "undecided"}, {each["id"]}'
            for each in body['alarms']
        ]
        return f'{", ".join(told)}, made {made}'
    return f'{one["kind"]} of {one["host"]}, {one["state"]}, recovery {one["id"]}, made {made}'
