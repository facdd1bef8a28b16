"""Taking over from another service: import."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from recovery.cli import exits
from recovery.cli.people import who
from recovery.cli.verb import Write

if TYPE_CHECKING:
    from recovery.db.masakari import Contents
    from recovery.operate.takeover import Takeover


class Masakari(Write):
    """Take over segments and hosts of Masakari, with their UUIDs; may be repeated.

    A segment with a live recovery stays as it is, maintenance of its hosts aside: what is refused
    for that is named, and the command exits with 1. Says first what it would do, and which hosts
    nothing would be done for as it stands. Nothing is written to Masakari.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--connection',
            required=True,
            metavar='FILE|URL',
            help='its masakari.conf, or a database URL without a password',
        )
        parser.add_argument('--dry-run', action='store_true', help='only say what it would do')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.db import masakari
        from recovery.db.engines import BadDatabase
        from recovery.operate import takeover

        try:
            contents = masakari.read(parsed_args.connection)
        except BadDatabase as error:
            raise exits.UsageError(str(error)) from error
        self.allow()
        found = takeover.plan(self.context.store, contents)
        self.say(f'{len(contents.segments)} segments and {len(contents.hosts)} hosts are there; '
                 f'{found.same} are here already as they are there')  # fmt: skip
        self.say(*(f'  {sentence}' for sentence in found.done))
        self._left(found)
        self._holes(contents)
        if parsed_args.dry_run or not found.done:
            self.say('nothing was written')
            return exits.REFUSED if found.left and not parsed_args.dry_run else exits.DONE
        self.confirm(parsed_args, f'{len(found.done)} changes are about to be made here.')
        done = takeover.take_over(
            self.context.store, contents, by=who(), reason=parsed_args.reason or 'taken over'
        )
        self.say(f'{len(done.done)} changes were made')
        return exits.REFUSED if done.left else exits.DONE

    def _left(self, found: Takeover) -> None:
        if found.left:
            self.say(f'{len(found.left)} changes are REFUSED while a recovery is live there:')
        for one in found.left:
            self.say(f'  {one.what}', f'    {one.why}', f'    next: {one.verb}; then import again')

    def _holes(self, contents: Contents) -> None:
        from drivers.contracts.errors import DriverError
        from drivers.contracts.inventory import InventoryError
        from recovery.operate.unprotected import unprotected

        try:
            holes = unprotected(self.context.site, contents)
        except (DriverError, InventoryError) as error:
            self.say(f'which hosts are left unprotected cannot be told: {error}')
            return
        if holes:
            self.say(f'{len({hole.host for hole in holes})} hosts are NOT protected as it stands:')
        for hole in holes:
            self.say(f'  {hole.host}: {hole.why}', f'    next: {hole.verb}')
