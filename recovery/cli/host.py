"""Hosts: list, show, check their devices, return, maintenance."""

from __future__ import annotations

import argparse
from typing import Any

from recovery.cli import exits
from recovery.cli.alarm import answered
from recovery.cli.people import who
from recovery.cli.verb import Lister, ShowOne, Table, Verb, Write
from recovery.view import times


class List(Lister):
    """Every host: what Nova says, what can fence it, marks, and its live recovery."""

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        human = self.human(parsed_args)
        listing = self.context.desk.hosts()
        for trouble in listing['trouble']:
            self.app.stderr.write(f'{self.app.NAME}: {trouble}\n')
            self.outcome = exits.UNREACHABLE
        return ('Host', 'Nova', 'Fencing', 'Path', 'Marks', 'Recovery', 'State'), [
            (
                one['host'],
                one['nova'],
                one['fencing'],
                one['fence_path'],
                one['marks'],
                one['recovery'][: 8 if human else 36],
                one['recovery_state'],
            )
            for one in listing['hosts']
        ]


class OfHost(Verb):
    """A command on one host."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('host', metavar='HOST', help='as Nova spells it')
        return parser


class Show(OfHost, ShowOne):
    """One host, its devices asked now: one look before acting."""

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Any, Any]:
        found = self.context.desk.host(parsed_args.host)
        if self.human(parsed_args):
            found = _told(found)
        return tuple(found), tuple(found.values())


def _told(found: dict[str, Any]) -> dict[str, Any]:
    """A host, for people."""
    moments = ('reported_or_changed_at', 'proven_off_at', 'returned_at')
    return found | {
        **{name: times.moment(times.parsed(found[name])) for name in moments},
        'instances': ', '.join(f'{count} {state}' for state, count in found['instances'].items()),
        'devices': '\n'.join(_device(one) for one in found['devices']),
        'carries': ', '.join(found['carries']),
        'recovery': found['recovery'][:8],
    }


def _device(one: Any) -> str:
    said = one['error'] or f'reads {one["power"]}'
    what = f'level {one["level"]} {one["name"]} at {one["address"]}'
    return f'{what}: {said}; identity {one["verdict"]}'


class Check(OfHost, Lister):
    """Whether each device of a host answers, and is the one that was enrolled.

    Exit codes: 0 all well, 1 a device is not the one that was enrolled, 5 one does not answer.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--enrol', action='store_true', help='record what the devices say they are'
        )
        parser.add_argument('--yes', '-y', action='store_true', help='do not ask before --enrol')
        parser.add_argument('--reason', default='', metavar='WHY')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Table:
        from recovery.view import hosts

        found = hosts.devices(self.context.site, parsed_args.host)
        if parsed_args.enrol:
            self._enrol(parsed_args, found)
            found = hosts.devices(self.context.site, parsed_args.host)
        verdicts = {one.verdict for one in found}
        if 'changed' in verdicts:
            self.outcome = exits.REFUSED
            self.app.stderr.write(
                'Another machine may be behind a device that changed. Once you know that it is '
                f'{parsed_args.host}:\n  next: recovery host check {parsed_args.host} --enrol\n'
            )
        elif 'unreachable' in verdicts:
            self.outcome = exits.UNREACHABLE
        columns = ('Level', 'Device', 'Address', 'Power', 'Identity', 'Enrolled', 'Verdict',
                   'Error')  # fmt: skip
        return columns, [
            (one.level, one.name, one.address, one.power, one.identity or '', one.enrolled or '',
             one.verdict, one.error)
            for one in found
        ]  # fmt: skip

    def _enrol(self, parsed_args: argparse.Namespace, found: Any) -> None:
        from recovery.cli.verb import confirm
        from recovery.operate.enrol import enrol

        identities = {one.name: one.identity for one in found if one.identity}
        said = [f'  {name} is {identity}' for name, identity in identities.items()]
        confirm(self, parsed_args, f'The devices of {parsed_args.host} are from now on:', *said)
        enrol(
            self.context.store,
            parsed_args.host,
            identities,
            by=who(),
            reason=parsed_args.reason,
        )


class Return(OfHost, Write):
    """Bring a recovered host back: power on, wait until it is healthy, enable it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--accept-leftovers',
            action='store_true',
            help='you say that the instances left on it are in order',
        )
        parser.add_argument(
            '--rebooted',
            action='store_true',
            help='you say that it was rebooted since it failed, if it came back by itself',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        host = parsed_args.host
        self.confirm(
            parsed_args, f'{host} is switched on and, when it is healthy, gets instances again.'
        )
        if parsed_args.accept_leftovers and not parsed_args.reason.strip():
            raise exits.UsageError('--accept-leftovers needs a --reason')
        order = {'action': 'return', 'reason': parsed_args.reason}
        for name in ('accept_leftovers', 'rebooted'):
            order |= {name: True} if getattr(parsed_args, name) else {}
        done = self.context.desk.order_host(host, order)
        self.say(*answered(done))
        return exits.DONE if done['answer'] == 'admit' else exits.REFUSED


class Set(OfHost, Write):
    """Label a host: the segment that it belongs to, and what it carries beside instances."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        segment = parser.add_mutually_exclusive_group()
        segment.add_argument('--segment', metavar='S')
        segment.add_argument('--no-segment', action='store_true', help='it belongs to none')
        parser.add_argument(
            '--carries',
            metavar='A,B',
            help='bus, database, fencing-controller, nova-api, storage; empty: nothing',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        host, segment = parsed_args.host, '' if parsed_args.no_segment else parsed_args.segment
        carries = parsed_args.carries
        if segment is None and carries is None:
            raise exits.UsageError('give --segment, --no-segment or --carries')
        self.confirm(parsed_args, f'{host} is labelled anew: switches, windows and rules follow.')
        if segment:
            self.allow(host, segment)  # also where it goes to
        order: dict[str, Any] = {'action': 'set', 'reason': parsed_args.reason}
        order |= {} if segment is None else {'segment': segment}
        if carries is not None:
            order['carries'] = [one for one in carries.split(',') if one]
        self.tell(self.context.desk.order_host(host, order))
        return exits.DONE


class Maintenance(OfHost, Write):
    """Set or end the maintenance of a host: while it is on, alarms about it are held."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('switch', choices=['on', 'off'])
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        host, on = parsed_args.host, parsed_args.switch == 'on'
        if on and not parsed_args.reason.strip():
            raise exits.UsageError('maintenance needs a --reason, for whoever finds it on')
        self.confirm(
            parsed_args,
            f'Alarms about {host} are held from now on.'
            if on
            else f'Alarms about {host} may fence it from now on.',
        )
        order = {'action': 'maintenance', 'on': on, 'reason': parsed_args.reason}
        self.tell(self.context.desk.order_host(host, order))
        return exits.DONE
