"""Base classes of all commands: errors become sentences and exit codes, writes ask first."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cliff import command, lister, show

from drivers.contracts.errors import DriverError
from drivers.contracts.inventory import InventoryError
from flows.stop import Stop
from recovery.cli import exits
from recovery.operate.refusal import BadRules, Refusal

if TYPE_CHECKING:
    from recovery.cli.context import Context

LOG = logging.getLogger(__name__)

Table = tuple[Sequence[str], Iterable[Sequence[Any]]]


class Verb(command.Command):
    """A command of ours."""

    outcome = exits.DONE  # set by take_action of those that only show
    app: Any

    @property
    def context(self) -> Context:
        context: Context = self.app.context
        return context

    def get_epilog(self) -> str:
        return self._epilog or ''  # cliff reads the metadata of every distribution for this

    def run(self, parsed_args: argparse.Namespace) -> int:
        try:
            return int(super().run(parsed_args) or self.outcome)
        except BaseException as error:
            return self.explain(error)

    def allow(self, host: str = '', segment: str | None = None, order: str = '') -> None:
        """Return when who types may do this to that host or segment, or to the whole cloud.

        :param order: another one than the command's own name.
        :raises Refusal: she may not.
        :raises BadRules: nobody can tell.
        """
        asked = order or (self.cmd_name or '').replace(' ', '-')
        self.context.desk.allow(asked, host, segment)

    def segment_of(self, parsed_args: argparse.Namespace) -> str | None:
        """The segment that the command line says it acts on; to be overridden."""
        return None

    def say(self, *lines: str) -> None:
        """Print for the operator."""
        for line in lines:
            self.app.stdout.write(f'{line}\n')
        self.app.stdout.flush()

    def tell(self, done: Mapping[str, Any]) -> None:
        """Print what an order did, and the command that leads on."""
        first, *more = done['said']
        verb = [f'  next: {done["next"]}'] if done['next'] else []
        self.say(first, *(f'  {one}' for one in more), *verb)

    def explain(self, error: BaseException) -> int:
        """Print what happened; returns the exit code."""
        if isinstance(error, KeyboardInterrupt | BrokenPipeError | SystemExit):
            raise error
        if self.app.options.debug:
            LOG.error('', exc_info=error)
        sentence, verb, code = explained(error)
        self.app.stderr.write(f'{self.app.NAME}: {sentence}\n')
        if verb:
            self.app.stderr.write(f'  next: {verb}\n')
        return code


class Display(Verb):
    """A command that shows something: to programs in a format, to people as they read best."""

    def human(self, parsed_args: argparse.Namespace) -> bool:
        """Whether a person reads it."""
        return bool(parsed_args.formatter == 'table')

    def screen(self, parsed_args: argparse.Namespace) -> None:
        """What a person sees, where a table is not best; to be overridden."""
        raise NotImplementedError

    def run(self, parsed_args: argparse.Namespace) -> int:
        screened = self.human(parsed_args) and not parsed_args.columns
        if not screened or type(self).screen is Display.screen:
            return super().run(parsed_args)
        try:
            self.screen(parsed_args)
        except BaseException as error:
            return self.explain(error)
        return self.outcome


class Lister(Display, lister.Lister):
    """A command that shows a table."""


class ShowOne(Display, show.ShowOne):
    """A command that shows one thing."""


class Write(Verb):
    """A command that changes something: it says what, asks, and records who and why."""

    reason_required = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('--yes', '-y', action='store_true', help='do not ask')
        parser.add_argument(
            '--reason',
            required=self.reason_required,
            default='',
            metavar='WHY',
            help='kept in the history, beside who did it',
        )
        return parser

    def confirm(self, parsed_args: argparse.Namespace, *what: str, host: str = '') -> None:
        """See :func:`confirm`."""
        if self.reason_required and not parsed_args.reason.strip():
            raise exits.UsageError('--reason must say why')
        confirm(self, parsed_args, *what, host=host)


def confirm(verb: Verb, parsed_args: argparse.Namespace, *what: str, host: str = '') -> None:
    """Say what is about to happen and ask; whoever may not is refused before.

    :param host: that it acts on, where the command line does not name it.
    :raises UsageError: nobody can be asked.
    :raises Refusal: who types may not, or the answer is not yes.
    """
    verb.allow(host or getattr(parsed_args, 'host', '') or '', verb.segment_of(parsed_args))
    if parsed_args.yes:
        return
    if not verb.app.stdin.isatty():
        raise exits.UsageError('this changes something, and nobody can be asked: give --yes')
    verb.say(*what)
    verb.app.stdout.write('Go on? [y/N] ')
    verb.app.stdout.flush()
    if verb.app.stdin.readline().strip().lower() not in ('y', 'yes'):
        raise Refusal('nothing was done')


def explained(error: BaseException) -> tuple[str, str, int]:
    """What happened, what leads on, and the exit code."""
    from recovery.cli.context import NoSchema
    from recovery.view.ids import Unknown

    if isinstance(error, Refusal):
        return error.sentence, error.verb, exits.REFUSED
    if isinstance(error, Unknown):
        return str(error), '', exits.REFUSED
    if isinstance(error, exits.ApiAway):
        return str(error), '', exits.UNREACHABLE
    if isinstance(error, exits.UsageError | InventoryError | BadRules):
        return str(error), '', exits.USAGE
    if isinstance(error, NoSchema):
        verb = '' if 'db upgrade' in str(error) else 'recovery db upgrade'
        return str(error), verb, exits.UNREACHABLE
    if isinstance(error, Stop):  # StoreAway: the one that reaches an operator
        return f'{error.reason or type(error).__name__}', 'recovery doctor', exits.UNREACHABLE
    if isinstance(error, DriverError):
        return str(error), 'recovery doctor', exits.UNREACHABLE
    return (
        f'unexpected {type(error).__name__}: {error} (--debug shows where)',
        '',
        exits.REFUSED,
    )
