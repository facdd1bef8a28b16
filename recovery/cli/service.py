"""Switches of the service, a segment or a host: pause, unpause, arm, disarm."""

from __future__ import annotations

import argparse

from recovery.cli import exits
from recovery.cli.people import who
from recovery.cli.scope import add_scope, scope_of
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

    def named(self, parsed_args: argparse.Namespace) -> tuple[str, str, str]:
        """The scope, the words for it, and its flags."""
        from recovery.db import scopes

        scope = scope_of(parsed_args)
        return scope, scopes.words(scope), scopes.flags(scope)


class Pause(Switch):
    """Stop recoveries before their next outside effect: all, or those of a segment or host."""

    reason_required = True

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate import service

        scope, words, flags = self.named(parsed_args)
        self.confirm(
            parsed_args,
            f'In {words}: recoveries under way stop before their next step outside and wait;',
            'evacuations that Nova has accepted go on inside Nova. Nothing new begins.',
        )
        service.pause(self.context.store, by=who(), reason=parsed_args.reason, scope=scope)
        self.say(f'paused: {words}', f'  next: recovery unpause{flags}')
        return exits.DONE


class Unpause(Switch):
    """Let paused recoveries go on."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate import service

        scope, words, _ = self.named(parsed_args)
        self.confirm(parsed_args, f'In {words} recoveries go on where they stopped.')
        still = service.unpause(
            self.context.store, by=who(), reason=parsed_args.reason, scope=scope
        )
        self.say(f'the pause of {words} is over', *([f'  but {still}'] if still else []))
        return exits.DONE


class Disarm(Switch):
    """Hold every recovery that has not begun; those under way go on."""

    reason_required = True

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate import service

        scope, words, flags = self.named(parsed_args)
        self.confirm(
            parsed_args, f'In {words} no recovery begins any more: alarms are held until "arm".'
        )
        service.disarm(self.context.store, by=who(), reason=parsed_args.reason, scope=scope)
        self.say(f'disarmed: {words}', f'  next: recovery arm{flags}')
        return exits.DONE


class Arm(Switch):
    """Let recoveries begin again."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate import service

        scope, words, _ = self.named(parsed_args)
        self.confirm(
            parsed_args, f'In {words} alarms, those held included, may fence hosts from now on.'
        )
        still = service.arm(self.context.store, by=who(), reason=parsed_args.reason, scope=scope)
        self.say(f'armed: {words}', *([f'  but {still}'] if still else []))
        return exits.DONE
