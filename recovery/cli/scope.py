"""The options that say what a switch or a window covers: a segment, a host, or all."""

from __future__ import annotations

import argparse

from recovery.cli import exits


def add_scope(parser: argparse.ArgumentParser) -> None:
    """``--segment S`` or ``--host H``; without either it is the cloud."""
    scope = parser.add_mutually_exclusive_group()
    scope.add_argument('--segment', metavar='S', help='only the hosts of this segment')
    scope.add_argument('--host', metavar='H', help='only this host, as Nova spells it')


def named_scope(parsed_args: argparse.Namespace) -> dict[str, str]:
    """As an order names it. Raises UsageError for an empty name."""
    scope_of(parsed_args)
    given = {name: getattr(parsed_args, name) for name in ('segment', 'host')}
    return {name: value for name, value in given.items() if value is not None}


def scope_of(parsed_args: argparse.Namespace) -> str:
    """As tables name it. Raises UsageError for an empty name."""
    from recovery.db import scopes

    for name, make in (('host', scopes.host), ('segment', scopes.segment)):
        value = getattr(parsed_args, name)
        if value is not None:
            if not value.strip() or len(value) > 255:
                raise exits.UsageError(f'--{name} must name one')
            return make(value)
    return scopes.CLOUD
