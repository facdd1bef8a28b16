"""The database itself."""

from __future__ import annotations

import argparse

from recovery.cli import exits
from recovery.cli.context import NoSchema, missing_file
from recovery.cli.verb import Verb, Write
from recovery.operate.refusal import Refusal


class Upgrade(Write):
    """Create the tables, or bring those of an earlier release to this one."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.db import upgrade

        store = self.context.bare_store
        where = store.url.render_as_string(hide_password=True)
        self.confirm(parsed_args, f'The tables in {where} are brought to this release.')
        try:
            before, after = upgrade.upgrade(store)
        except upgrade.StaleSchema as error:
            raise Refusal(str(error)) from error
        self.say(f'{where}: revision {before or "none"} before, {after} now')
        return exits.DONE


class Check(Verb):
    """Whether tables, settings and rows are sound. Exit codes: 1 they are not, 5 no database."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.db import upgrade

        store = self.context.bare_store
        if (path := missing_file(store)) is not None:
            raise NoSchema(f'there is no database {path} yet')
        report = upgrade.check(store)
        where = store.url.render_as_string(hide_password=True)
        self.say(f'{where}: revision {report.revision or "none"}, needed {report.head}')
        self.say(*[f'  bad: {problem}' for problem in report.problems])
        return exits.DONE if report.sound else exits.REFUSED


class Purge(Write):
    """Forget recoveries that ended long ago, with all that hangs on them."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--days', type=float, default=90.0, help='that ended longer ago than this (default: 90)'
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.db import purge

        store, days = self.context.store, parsed_args.days
        try:
            count = purge.purgeable(store, days)
            self.confirm(parsed_args, f'{count} recoveries are forgotten for good.')
            done = purge.purge(store, days)
        except ValueError as error:
            raise exits.UsageError(f'--days: {error}') from error
        self.say(
            f'forgotten: {done.recoveries} recoveries, {done.books} logbooks, {done.alarms} alarms',
            f'kept, because they may still be needed: {done.kept}',
        )
        return exits.DONE
