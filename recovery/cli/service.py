"""Switches of the whole service: pause, unpause, arm, disarm."""

from __future__ import annotations

import argparse

from recovery.cli import exits
from recovery.cli.people import who
from recovery.cli.verb import Write


class Pause(Write):
    """Stop every recovery before its next outside effect."""

    reason_required = True

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate import service

        self.confirm(
            parsed_args,
            'Recoveries under way stop before their next step outside and wait; evacuations that',
            'Nova has accepted go on inside Nova. Nothing new begins.',
        )
        service.pause(self.context.store, by=who(), reason=parsed_args.reason)
        self.say('paused', '  next: recovery unpause')
        return exits.DONE


class Unpause(Write):
    """Let every recovery go on."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate import service

        self.confirm(parsed_args, 'Recoveries go on where they stopped.')
        service.unpause(self.context.store, by=who(), reason=parsed_args.reason)
        self.say('the pause is over')
        return exits.DONE


class Disarm(Write):
    """Hold every recovery that has not begun; those under way go on."""

    reason_required = True

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate import service

        self.confirm(parsed_args, 'No recovery begins any more: alarms are held until "arm".')
        service.disarm(self.context.store, by=who(), reason=parsed_args.reason)
        self.say('disarmed', '  next: recovery arm')
        return exits.DONE


class Arm(Write):
    """Let recoveries begin again."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        from recovery.operate import service

        self.confirm(parsed_args, 'Alarms, those held included, may fence hosts from now on.')
        service.arm(self.context.store, by=who(), reason=parsed_args.reason)
        self.say('armed')
        return exits.DONE
