"""Watching recoveries live, until one has ended or waits for a human."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from recovery.cli import exits
from recovery.cli.verb import Verb
from recovery.view import times

if TYPE_CHECKING:
    from rich.text import Text

    from recovery.view.page import Page

SECONDS = 0.5
OUTCOMES = {
    'done': exits.DONE,
    'undone': exits.DONE,
    'done-with-failures': exits.FAILED,
    'expired': exits.FAILED,
    'cancelled': exits.REFUSED,
    'superseded': exits.REFUSED,
}


class Watch(Verb):
    """Watch a recovery, or all that are live.

    Ends with 0 when the recovery is done (or undone), 1 cancelled, 3 failed, 4 when it waits for a
    human. Without an ID it runs until no recovery is live.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('id', metavar='ID', nargs='?', help='its beginning is enough')
        parser.add_argument(
            '--until-ended', action='store_true', help='go on while it waits for a human'
        )
        parser.add_argument(
            '--seconds', type=float, default=SECONDS, metavar='S', help='between two looks'
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        if parsed_args.seconds < 0.05:
            raise exits.UsageError('--seconds must be 0.05 or more')
        if parsed_args.id is None:
            return self._all(parsed_args)
        return self._one(parsed_args)

    def _one(self, parsed_args: argparse.Namespace) -> int:
        from recovery.cli import screen

        desk, stream = self.context.desk, self.app.stdout
        chosen = desk.page(parsed_args.id).recovery.id
        plain = screen.is_plain(stream)

        def look() -> tuple[list[Text], list[str], int | None]:
            nonlocal chosen
            page = desk.page(chosen)
            later = page.recovery.row['superseded_by']
            if page.recovery.state == 'superseded' and later:
                chosen = later  # its host is in the hands of the next one
                return screen.lines(page, plain=plain), changes(page), None
            return (
                screen.lines(page, plain=plain),
                changes(page),
                _code(page, parsed_args.until_ended),
            )

        return self._loop(parsed_args.seconds, look)

    def _all(self, parsed_args: argparse.Namespace) -> int:
        from recovery.cli import screen
        from recovery.db import states

        desk, seen = self.context.desk, set[str]()

        def look() -> tuple[list[Text], list[str], int | None]:
            live = [str(one['id']) for one in desk.recoveries(states=states.LIVE)]
            seen.update(live)
            pages = [desk.page(one) for one in [*live, *sorted(seen.difference(live))]]
            shown = [line for page in pages for line in screen.lines(page, plain=True, steps=False)]
            said = [f'{page.recovery.host}: {one}' for page in pages for one in changes(page)]
            return shown, said, None if live else _worst(pages)

        return self._loop(parsed_args.seconds, look)

    def _loop(
        self, seconds: float, look: Callable[[], tuple[list[Text], list[str], int | None]]
    ) -> int:
        if self.app.stdout.isatty():
            return self._live(seconds, look)
        before: list[str] = []
        while True:
            _lines, facts, code = look()
            now = times.clock_time(self.context.clock.now())
            self.say(*[f'{now} {fact}' for fact in facts if fact not in before])
            before = facts
            if code is not None:
                return code
            self.context.clock.wait(None, seconds)

    def _live(
        self, seconds: float, look: Callable[[], tuple[list[Text], list[str], int | None]]
    ) -> int:
        from rich.console import Group
        from rich.live import Live

        from recovery.cli import screen

        console = screen.console(self.app.stdout)
        with Live(console=console, auto_refresh=False, vertical_overflow='visible') as live:
            while True:
                lines, _facts, code = look()
                live.update(Group(*lines), refresh=True)
                if code is not None:
                    return code
                self.context.clock.wait(None, seconds)


def changes(page: Page) -> list[str]:
    """What is worth a line of its own when it changes, without times."""
    row = page.recovery.row
    found = [f'round {row["round"]}: {step.name} {step.state}' + _because(step)
             for phase in page.phases for step in phase.steps if step.state != 'to do']  # fmt: skip
    if page.recovery.items.total:
        found.append(f'instances: {page.recovery.items}')
    held = row['reason'] if page.recovery.state in ('held', 'waiting') else ''
    verb = f'; next: {page.outlook.verb}' if page.outlook.verb else ''
    owner = f' by {row["worker"]}, claim {row["claims"]}' if row['worker'] else ''
    found.append(f'{page.recovery.state}{owner}' + (f': {held}' if held else '') + verb)
    return found


def _because(step: Any) -> str:
    return f': {step.message}' if step.message and step.state not in ('done', 'running') else ''


def _code(page: Page, until_ended: bool) -> int | None:
    if not page.recovery.live:
        return OUTCOMES.get(page.recovery.state, exits.FAILED)
    if page.outlook.human and not until_ended:
        return exits.WAITS
    return None


def _worst(pages: list[Page]) -> int:
    codes = {OUTCOMES.get(page.recovery.state, exits.FAILED) for page in pages}
    return exits.FAILED if exits.FAILED in codes else exits.DONE
