"""``recovery``: the command for operators."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import warnings
from typing import Any

from cliff import app, command, commandmanager

from recovery.cli.context import Context
from recovery.cli.exits import DONE, UNREACHABLE
from recovery.cli.options import VARIABLE

DESCRIPTION = """Recovers OpenStack compute hosts: fences, proves, evacuates, returns.

Exit codes: 0 done, 1 refused, 2 usage, 3 the recovery failed, 4 it waits for a human,
5 something did not answer."""

OURS = frozenset({'recovery', 'flows', 'drivers'})  #: packages that write log messages of ours


class App(app.App):
    """Global options, and one context for the command that runs."""

    NAME = 'recovery'

    def __init__(self, **streams: Any) -> None:
        # The list of commands would name the distribution of each, for which cliff reads the
        # metadata of all that are installed; ours come from one.
        vars(command)['_dists_by_mods'] = {}
        super().__init__(
            description=DESCRIPTION,
            version=_version(),
            command_manager=commandmanager.CommandManager('recovery.cli'),
            deferred_help=True,  # --help behind a command is about that command
            **streams,
        )
        self.context = Context((), ())

    def build_option_parser(
        self, description: str | None, version: str | None, argparse_kwargs: Any = None
    ) -> argparse.ArgumentParser:
        raw = {'formatter_class': argparse.RawDescriptionHelpFormatter} | (argparse_kwargs or {})
        parser: argparse.ArgumentParser = super().build_option_parser(description, version, raw)
        parser.add_argument(
            '--config-file',
            action='append',
            default=[],
            metavar='PATH',
            help=f'configuration file, may be repeated; else ${VARIABLE}, else recovery.conf in '
            '~/.recovery, ~, /etc/recovery or /etc',
        )
        parser.add_argument(
            '--config-dir', action='append', default=[], metavar='PATH', help='folder of *.conf'
        )
        parser.add_argument(
            '--os-cloud',
            metavar='NAME',
            help='ask the API of this cloud of clouds.yaml, and not the database; $RECOVERY_API is '
            'the URL of an API that no catalogue has',
        )
        return parser

    def configure_logging(self) -> None:
        """Warnings to the terminal; more with -v, such as those of libraries: what they come to
        is said by us."""
        handler = logging.StreamHandler(self.stderr)
        level = {0: logging.ERROR, 1: logging.WARNING, 2: logging.INFO}
        handler.setLevel(level.get(self.options.verbose_level, logging.DEBUG))
        handler.setFormatter(logging.Formatter('%(levelname)s %(name)s: %(message)s'))
        if self.options.verbose_level <= 1:
            handler.addFilter(_by_us_or_an_error)
        root = logging.getLogger()
        root.handlers = [handler]
        root.setLevel(logging.DEBUG)
        if self.options.log_file:
            kept = logging.FileHandler(self.options.log_file)
            kept.setFormatter(logging.Formatter(self.LOG_FILE_MESSAGE_FORMAT))
            root.addHandler(kept)

    def initialize_app(self, argv: list[str]) -> None:
        self.context = Context(
            self.options.config_file, self.options.config_dir, self.options.os_cloud
        )

    def interact(self) -> None:
        """No command: say which there are."""
        self.parser.parse_args(['--help'])

    def clean_up(self, cmd: Any, result: int, err: BaseException | None) -> None:
        self.context.close()


def _by_us_or_an_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR or record.name.partition('.')[0] in OURS


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version('openstack-recovery')
    except metadata.PackageNotFoundError:
        return 'of a source tree'


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    from flows.stop import Stop

    if not sys.warnoptions:
        warnings.simplefilter('ignore')  # what libraries say to developers
    os.environ.setdefault('CLIFF_FIT_WIDTH', '1')  # tables fit the terminal, if it is one
    arguments = sys.argv[1:] if argv is None else argv
    try:
        return int(App().run(arguments or ['--help']))
    except Stop as stop:
        sys.stderr.write(f'recovery: {stop.reason}\n')
        return UNREACHABLE
    except SystemExit as end:  # argparse: help, or a wrong command line
        return int(end.code or DONE)
