"""Fence paths: what the newest check found, and a check made now."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from drivers.contracts.errors import DriverError
from recovery.cli import exits
from recovery.cli.verb import Lister, Table
from recovery.view import times

if TYPE_CHECKING:
    from recovery.view.fence_paths import Path

COLUMNS = ('Host', 'Off', 'On', 'Verdict', 'Since', 'Checked')
DEVICES = ('Host', 'Level', 'Device', 'Driver', 'Address', 'Power', 'Identity', 'State', 'Error')
WORKS = {True: 'should work', False: 'SHOULD NOT WORK', None: 'cannot be told'}


class Status(Lister):
    """What is stored of the fence paths: whether off, and on, should work, and since when.

    Asks no device. With a HOST also each of its devices, as it answered then.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('host', metavar='HOST', nargs='?', help='as Nova spells it')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        human, desk, name = self.human(parsed_args), self.context.desk, parsed_args.host
        if name is None:
            now = self.context.clock.now()
            return COLUMNS, [_line(row, now, human) for row in desk.fence_paths()]
        return DEVICES, [_device(name, one) for one in desk.fence_path(name)['devices']]

    def screen(self, parsed_args: argparse.Namespace) -> None:
        name = parsed_args.host
        if name is None:
            return self._all(list(self.context.desk.fence_paths()))
        row, now = self.context.desk.fence_path(name), self.context.clock.now()
        self.say(f'{name}: {row["verdict"] or "never checked"}')
        if row['verdict']:
            age, since = now - _seconds(row['at']), times.moment(_seconds(row['since']))
            self.say(f'  checked {times.span(age)} ago, so since {since}')
        for one in row['devices']:
            self.say(f'  {_sentence(one)}')
        self.say(f'  next: recovery fence test {name}')
        return None

    def _all(self, rows: list[dict[str, Any]]) -> None:
        now = self.context.clock.now()
        if not rows:
            self.say(
                'Nothing was checked yet: the watcher does it ([watcher] fence_check_seconds).'
            )
            self.say('  next: recovery fence test --all')
        for row in rows:
            verdict = row['verdict']
            age = f', checked {times.span(now - _seconds(row["at"]))} ago' if verdict else ''
            self.say(f'{row["host"]:<20}  {verdict or "never checked"}{age}')


class Test(Lister):
    """Ask every device of a host, or of all, for its power and identity now. Switches nothing.

    Exit codes: 0 every device is well, 1 a fence path is broken by more than silence (a device
    refuses, is another machine, or there is none), 5 some device does not answer.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('host', metavar='HOST', nargs='*', help='as Nova spells it')
        parser.add_argument('--all', action='store_true', help='every host that Nova knows')
        parser.add_argument(
            '--at-once', type=int, default=8, metavar='N', help='hosts asked side by side (8)'
        )
        return parser

    def screen(self, parsed_args: argparse.Namespace) -> None:
        for path in self._paths(parsed_args):
            self.say(f'{path.host}: {path.verdict}')
            for one in path.devices:
                self.say(f'  {_sentence(one.as_json())}')

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        return DEVICES, [
            row
            for path in self._paths(parsed_args)
            for row in (
                [_device(path.host, one.as_json()) for one in path.devices]
                or [(path.host, None, '', '', '', 'unknown', '', 'none', path.error)]
            )
        ]

    def _paths(self, parsed_args: argparse.Namespace) -> Iterable[Path]:
        from recovery.view.fence_paths import Health, ask_all

        codes = {exits.DONE}
        for path in ask_all(self.context.site, self._hosts(parsed_args), parsed_args.at_once):
            yield path
            ill = {one.health for one in path.ill}
            if path.error or ill - {Health.UNREACHABLE}:
                codes.add(exits.REFUSED)
            elif ill:
                codes.add(exits.UNREACHABLE)
        self.outcome = exits.REFUSED if exits.REFUSED in codes else max(codes)

    def _hosts(self, parsed_args: argparse.Namespace) -> list[str]:
        from recovery.view.hosts import READ_SECONDS
        from recovery.view.ids import Unknown

        if bool(parsed_args.host) == parsed_args.all:
            raise exits.UsageError('give one or more hosts, or --all')
        if not 1 <= parsed_args.at_once <= 200:
            raise exits.UsageError('--at-once must be from 1 to 200')
        try:
            services = self.context.site.compute.services(timeout=READ_SECONDS)
        except DriverError as error:
            if parsed_args.all:
                raise
            self.app.stderr.write(f'{self.app.NAME}: Nova: {error}\n')
            return list(dict.fromkeys(parsed_args.host))  # when all is down it matters most
        known = sorted({one.host for one in services})
        strange = [name for name in parsed_args.host if name not in known]
        if strange:
            some = ', '.join(known[:10]) or 'none'
            raise Unknown(f'Nova knows no host {", ".join(strange)}; it knows: {some}')
        return list(dict.fromkeys(parsed_args.host)) or known


def _seconds(text: str) -> float:
    return times.parsed(text) or 0.0


def _line(row: dict[str, Any], now: float, human: bool) -> tuple[Any, ...]:
    off, on, since, at = row['off_works'], row['on_works'], row['since'], row['at']
    if not row['verdict']:
        return row['host'], None, None, 'never checked', '', ''
    if not human:
        return row['host'], off, on, row['verdict'], since, at
    ago = f'{times.span(now - _seconds(at))} ago'
    return row['host'], WORKS[off], WORKS[on], row['verdict'], times.moment(_seconds(since)), ago


def _device(host: str, one: Any) -> tuple[Any, ...]:
    return (host, one['level'], one['name'], one['kind'], one['address'], one['power'],
            one['identity'] or '', one['health'], one['error'])  # fmt: skip


def _sentence(one: Any) -> str:
    said = one['error'] or f'reads {one["power"]}, identity {one["identity"] or "none"}'
    return f'level {one["level"]} {one["name"]} at {one["address"]}: {one["health"]}; {said}'
