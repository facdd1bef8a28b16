"""Who types."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recovery.operate.rules import Person


def who() -> str:
    """The person's name: the one before sudo, if it was used."""
    for variable in ('SUDO_USER', 'USER', 'LOGNAME'):
        if name := os.environ.get(variable, '').strip():
            return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user on this machine, as in a container
        return f'uid {os.getuid()}'


def person() -> Person:
    """Who types, by what the machine knows: for roles a name that anybody can set is not enough.

    Under sudo it is the one who used it; only root can say so.
    """
    from recovery.operate.rules import Person

    uid = os.getuid()
    if uid == 0 and (name := os.environ.get('SUDO_USER', '').strip()):
        try:
            return _known(pwd.getpwnam(name))
        except KeyError:
            return Person(name)
    try:
        return _known(pwd.getpwuid(uid), os.getgroups())
    except KeyError:  # no such user on this machine, as in a container
        return Person(f'uid {uid}', uid, _groups(os.getgroups()))


def _known(entry: pwd.struct_passwd, groups: list[int] | None = None) -> Person:
    from recovery.operate.rules import Person

    numbers = groups or os.getgrouplist(entry.pw_name, entry.pw_gid)
    return Person(entry.pw_name, entry.pw_uid, _groups(numbers))


def _groups(numbers: list[int]) -> frozenset[str]:
    found = {str(number) for number in numbers}
    for number in numbers:
        try:
            found.add(grp.getgrgid(number).gr_name)
        except KeyError:
            continue
    return frozenset(found)
