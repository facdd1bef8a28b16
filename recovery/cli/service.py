"""Switches of the service, a segment or a host: pause, unpause, arm, disarm."""

from __future__ import annotations

import argparse

from recovery.cli import exits
from recovery.cli.scope import add_scope, named_scope, scope_of
from recovery.cli.verb import Write


class Switch(Write):
    """A write on a scope."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_scope(parser)
        return parser

    def segment_of(self, parsed_args: argparse.Namespace) -> str | None:
        segment: str | None = parsed_args.segment
        return segment

    def named(self, parsed_args: argparse.Namespace) -> str:
        """The words for the scope."""
        from recovery.db import scopes

        return scopes.words(scope_of(parsed_args))

    def give(self, parsed_args: argparse.Namespace, action: str) -> int:
        """Give the order, and say what it did."""
        order = {'action': action, 'reason': parsed_args.reason, **named_scope(parsed_args)}
        self.tell(self.context.desk.switch(order))
        return exits.DONE


class Pause(Switch):
    """Stop recoveries before their next outside effect: all, or those of a segment or host."""

    reason_required = True

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        words = self.named(parsed_args)
        self.confirm(
            parsed_args,
            f'In {words}: recoveries under way stop before their next step outside and wait;',
            'evacuations that Nova has accepted go on inside Nova. Nothing new begins.',
        )
        return self.give(parsed_args, 'pause')


class Unpause(Switch):
    """Let paused recoveries go on."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        words = self.named(parsed_args)
        self.confirm(parsed_args, f'In {words} recoveries go on where they stopped.')
        return self.give(parsed_args, 'unpause')


class Disarm(Switch):
    """Hold every recovery that has not begun; those under way go on."""

    reason_required = True

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        words = self.named(parsed_args)
        self.confirm(
            parsed_args, f'In {words} no recovery begins any more: alarms are held until "arm".'
        )
        return self.give(parsed_args, 'disarm')


class Arm(Switch):
    """Let recoveries begin again."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        words = self.named(parsed_args)
        self.confirm(
            parsed_args, f'In {words} alarms, those held included, may fence hosts from now on.'
        )
        return self.give(parsed_args, 'arm')
