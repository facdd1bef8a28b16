"""Who types."""

from __future__ import annotations

import getpass
import os


def who() -> str:
    """The person's name: the one before sudo, if it was used."""
    for variable in ('SUDO_USER', 'USER', 'LOGNAME'):
        if name := os.environ.get(variable, '').strip():
            return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user on this machine, as in a container
        return f'uid {os.getuid()}'
