"""Exit codes of every command."""

from __future__ import annotations

DONE = 0
REFUSED = 1  # asked for something that must not be done, or that there is not
USAGE = 2  # the command line or the configuration is wrong
FAILED = 3  # the recovery looked at ended badly
WAITS = 4  # it waits for a human
UNREACHABLE = 5  # database, board, Nova or a device did not answer


class ApiAway(Exception):
    """The API that the command speaks to does not answer, or is not ours."""


class UsageError(Exception):
    """The command line or the configuration asks for something impossible."""
