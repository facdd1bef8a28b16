"""Moving a recovery on: approve, reject, cancel, rerun, confirm-fenced."""

from __future__ import annotations

import argparse
from typing import Any

from recovery.cli import exits
from recovery.cli.people import who
from recovery.cli.verb import Write


class OfRecovery(Write):
    """A write on one recovery."""

    _found: dict[str, Any] | None = None

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('id', metavar='ID', help='of the recovery; its beginning is enough')
        return parser

    def ask(self, parsed_args: argparse.Namespace, *what: str) -> str:
        """Show which recovery is meant, ask, and return its whole id."""
        one = self.found(parsed_args)
        reason = f': {one["reason"]}' if one['reason'] else ''
        self.confirm(
            parsed_args,
            f'{one["kind"]} of {one["host"]}, {one["id"]}, is {one["state"]}{reason}',
            *what,
            host=one['host'],
        )
        return str(one['id'])

    def found(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """The recovery that is meant."""
        if self._found is None:
            self._found = self.context.desk.recovery(parsed_args.id)
        return self._found

    def give(self, parsed_args: argparse.Namespace, chosen: str, action: str, **more: Any) -> int:
        """Give the order, and say what it did."""
        order = {'action': action, 'reason': parsed_args.reason, **more}
        self.tell(self.context.desk.order_recovery(chosen, order))
        return exits.DONE


class Approve(OfRecovery):
    """Let a held recovery pass the gates that hold it."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.policy import approvals

        gates = self.found(parsed_args)['holding']
        chosen = self.ask(
            parsed_args,
            'The gates that hold it now are opened for it:',
            *(f'  {gate["gate"]}: {gate["reason"]}' for gate in gates),
        )
        seen = [approvals.of_record(gate) for gate in gates]
        return self.give(parsed_args, chosen, 'approve', seen=seen)


class Reject(OfRecovery):
    """End a held recovery before anything is done."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        chosen = self.ask(parsed_args, 'It ends, and nothing is done to the host.')
        return self.give(parsed_args, chosen, 'reject')


class Cancel(OfRecovery):
    """End a recovery, giving back what was done (--undo) or leaving it as it is (--leave)."""

    reason_required = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument(
            '--undo', action='store_true', help='only before the host was told to power off'
        )
        how.add_argument('--leave', action='store_true', help='host and instances stay as they are')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        chosen = self.ask(
            parsed_args,
            'It ends, and what it did is given back.'
            if parsed_args.undo
            else 'It ends, and host and instances stay as they are now.',
        )
        how = 'undo' if parsed_args.undo else 'leave'
        return self.give(parsed_args, chosen, 'cancel', how=how)


LOOKED_AT = {
    'failed': 'failed instances again',
    'all': 'all instances again, but those that a human has settled as moved or left',
    'settled': 'the instances again that a human has settled as moved or left. Where Nova shows '
    'one on the failed host it is evacuated, and runs twice if it runs anywhere: look first',
}


class Rerun(OfRecovery):
    """Begin a new round of a recovery that has ended or waits; all gates are asked again."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--items',
            choices=list(LOOKED_AT),
            default='failed',
            help='which instances are looked at again: failed (the default); all, but what a '
            'human has settled as moved or left; settled: just those',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        which = parsed_args.items
        chosen = self.ask(
            parsed_args,
            f'A new round begins with a look at the host; then {LOOKED_AT[which]}.',
        )
        return self.give(parsed_args, chosen, 'rerun', items=which)


class Settle(OfRecovery):
    """Say where an unsettled instance is, when no record of Nova can tell."""

    reason_required = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('instance', metavar='INSTANCE', help='UUID, its beginning, or name')
        parser.add_argument(
            '--as',
            dest='seen',
            choices=['moved', 'failed', 'left'],
            required=True,
            help='moved: it runs elsewhere, once; failed: it runs nowhere; left: not ours any more',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        chosen = self.ask(
            parsed_args,
            f'You say of {parsed_args.instance}, having looked at every host that may run it: '
            f'{parsed_args.seen}.',
        )
        said = {'instance': parsed_args.instance, 'as': parsed_args.seen}
        return self.give(parsed_args, chosen, 'settle', **said)


class ConfirmFenced(Write):
    """Give your word that a host is off, when no device can say it."""

    reason_required = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('host', metavar='HOST')
        parser.add_argument(
            '--force',
            action='store_true',
            help='although the host shows life: takes the role "forcer"',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate import confirm

        host = parsed_args.host
        if parsed_args.force:
            self.allow(host, order='confirm-fenced-force')
        waiting = self.context.desk.waiting_for(host)
        self.confirm(
            parsed_args,
            *waiting,
            '',
            f'With your word, {who()}, every instance of {host} starts elsewhere. IF {host} IS NOT '
            'OFF,',
            'OR IS SWITCHED ON BEFORE THE RECOVERY ENDS, INSTANCES RUN TWICE AND THEIR DATA IS '
            'DAMAGED.',
            f'You state: {confirm.STATEMENT}.',
        )
        order = {'action': 'confirm-fenced', 'reason': parsed_args.reason}
        force = {'force': True} if parsed_args.force else {}
        self.tell(self.context.desk.order_host(host, {**order, **force}))
        return exits.DONE
