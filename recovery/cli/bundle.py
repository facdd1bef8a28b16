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
            '--output', '-o', metavar='FILE', help='a new file (default: the terminal)'
        )
        parser.add_argument(
            '--check',
            metavar='FILE',
            help='compare a bundle with its digest, and with ID also with the database',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        if parsed_args.check is not None:
            if parsed_args.output is not None:
                raise exits.UsageError('--check writes nothing: leave --output away')
            return self._check(parsed_args.check, parsed_args.id)
        if parsed_args.id is None:
            raise exits.UsageError('name a recovery, or a file with --check')
        return self._write(parsed_args.id, parsed_args.output)

    def _write(self, given: str, name: str | None) -> int:
        from recovery.view import bundle, bundle_file

        document = bundle_file.sealed(bundle.body(self.context.store, given))
        if name is None:
            self.say(*bundle_file.text(document))
            return exits.DONE
        file.write(name, bundle_file.text(document))
        self.say(f'{name}: {_of(document["body"])}', f'sha256 {document["digest"]["whole"]}')
        return exits.DONE

    def _check(self, name: str, given: str | None) -> int:
        from recovery.view import bundle, bundle_file

        document = file.read(name)
        try:
            found = bundle_file.differences(document)
        except bundle_file.BadBundle as error:
            raise exits.UsageError(f'{name}: {error}') from error
        if given is not None:
            stored = bundle.body(self.context.store, given)
            found += bundle_file.against(document['body'], stored)
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
    return f'{one["kind"]} of {one["host"]}, {one["state"]}, recovery {one["id"]}, made {made}'
