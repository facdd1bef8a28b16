"""Moving a recovery on: approve, reject, cancel, rerun, confirm-fenced."""

from __future__ import annotations

import argparse

from recovery.cli import exits
from recovery.cli.people import who
from recovery.cli.verb import Write


class OfRecovery(Write):
    """A write on one recovery."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('id', metavar='ID', help='of the recovery; its beginning is enough')
        return parser

    def ask(self, parsed_args: argparse.Namespace, *what: str) -> str:
        """Show which recovery is meant, ask, and return its whole id."""
        from recovery.view import recoveries

        each = recoveries.recovery(self.context.store, parsed_args.id)
        reason = f': {each.row["reason"]}' if each.row['reason'] else ''
        self.confirm(
            parsed_args,
            f'{each.row["kind"]} of {each.host}, {each.id}, is {each.state}{reason}',
            *what,
            host=each.host,
        )
        return each.id


class Approve(OfRecovery):
    """Let a held recovery pass the gates that hold it."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate.hold import approve

        chosen = self.ask(
            parsed_args, 'The gates that hold it now are opened for it:', *self._gates(parsed_args)
        )
        gates = approve(self.context.store, chosen, by=who(), reason=parsed_args.reason)
        self.say(f'approved: {", ".join(gates)}', f'  next: recovery watch {chosen[:8]}')
        return exits.DONE

    def _gates(self, parsed_args: argparse.Namespace) -> list[str]:
        from recovery.view import ids
        from recovery.view.outlook import holding

        with self.context.store.read() as connection:
            gates = holding(connection, ids.find(connection, parsed_args.id))
        return [f'  {gate["gate"]}: {gate["reason"]}' for gate in gates]


class Reject(OfRecovery):
    """End a held recovery before anything is done."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate.hold import reject

        chosen = self.ask(parsed_args, 'It ends, and nothing is done to the host.')
        reject(self.context.store, chosen, by=who(), reason=parsed_args.reason)
        self.say('rejected: nothing was or will be done')
        return exits.DONE


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
        from recovery.operate.cancel import How, Outcome, cancel

        how = How.UNDO if parsed_args.undo else How.LEAVE
        chosen = self.ask(
            parsed_args,
            'It ends, and what it did is given back.'
            if how is How.UNDO
            else 'It ends, and host and instances stay as they are now.',
        )
        outcome = cancel(self.context.store, chosen, how, by=who(), reason=parsed_args.reason)
        watch = f'  next: recovery watch {chosen[:8]}'
        said = {
            Outcome.ENDED: ('cancelled', f'  next: recovery show {chosen[:8]}'),
            Outcome.UNDOING: ('a worker will undo what was done, and end it', watch),
            Outcome.ASKED: ('its worker will see this at its next step', watch),
        }
        self.say(*said[outcome])
        return exits.DONE


class Rerun(OfRecovery):
    """Begin a new round of a recovery that has ended or waits; all gates are asked again."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--items',
            choices=['failed', 'all'],
            default='failed',
            help='which instances are looked at again (default: failed)',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate.rerun import Which, rerun

        which = Which(parsed_args.items)
        chosen = self.ask(
            parsed_args,
            f'A new round begins with a look at the host; then {which.value} instances again.',
        )
        number = rerun(self.context.store, chosen, which, by=who(), reason=parsed_args.reason)
        self.say(f'round {number} begins', f'  next: recovery watch {chosen[:8]}')
        return exits.DONE


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
        from recovery.operate.settle import Seen, settle

        chosen = self.ask(
            parsed_args,
            f'You say of {parsed_args.instance}, having looked at every host that may run it: '
            f'{parsed_args.seen}.',
        )
        seen = Seen(parsed_args.seen)
        store = self.context.store
        name = settle(
            store, chosen, parsed_args.instance, seen, by=who(), reason=parsed_args.reason
        )
        self.say(f'{name} is {seen.value}', f'  next: recovery watch {chosen[:8]}')
        return exits.DONE


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
        row = confirm.waiting_for(self.context.store, host)
        self.confirm(
            parsed_args,
            f'Recovery {row["id"]} waits: {row["reason"]}',
            '',
            f'With your word, {who()}, every instance of {host} starts elsewhere. IF {host} IS NOT '
            'OFF,',
            'OR IS SWITCHED ON BEFORE THE RECOVERY ENDS, INSTANCES RUN TWICE AND THEIR DATA IS '
            'DAMAGED.',
            f'You state: {confirm.STATEMENT}.',
        )
        site = self.context.site
        done = confirm.confirm_fenced(
            site, host, by=who(), reason=parsed_args.reason, force=parsed_args.force
        )
        self.say(
            f'recorded as proof {done.proof} of this round ({done.readings})',
            f'  next: recovery watch {done.recovery[:8]}',
        )
        return exits.DONE
