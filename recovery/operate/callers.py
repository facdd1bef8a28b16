"""Those who call over the network, as Keystone knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recovery.operate.rules import ANYWHERE, OPERATOR, READER, SENDER

#: Without any line. Roles of a project tell nothing about the cloud, so that a reader of some
#: project reads nothing here; admin is the exception, as it is all over OpenStack.
USUAL = (
    f'role:admin {OPERATOR},{READER},{SENDER}',
    f'role:service {SENDER}',
    f'role:member+system:all {READER},{SENDER}',
    f'role:reader+system:all {READER}',
)


@dataclass(frozen=True)
class Caller:
    """One who has shown a token."""

    name: str  #: for records: the user's name, or its id
    roles: tuple[str, ...] = ()  #: of the token, as Keystone calls them
    project: str | None = None  #: id; None: the token is of no project
    user: str = ''  #: id
    system: bool = False  #: the token is of the whole system
    lines: tuple[str, ...] = ()  #: in place of those of the configuration, for labs
    option = 'keystone'

    def fits(self, who: str) -> bool:
        """Whether a line of ``[access] keystone`` means this caller."""
        return all(self._fits(*part.partition(':')[::2]) for part in who.split('+'))

    def _fits(self, kind: str, name: str) -> bool:
        if kind == 'role':
            return name.lower() in {role.lower() for role in self.roles}
        if kind == 'project':
            return name == self.project
        if kind == 'user':
            return name == self.user  # names are unique in their domain only
        return kind == 'system' and self.system

    def roles_at(self, lines: Sequence[str] | None, segment: str | None) -> tuple[str, ...]:
        """Her roles with us, on something in this segment; None: in no segment, or all of them."""
        found: set[str] = set()
        for line in self.lines or lines or USUAL:
            who, roles, *more = line.split()
            segments = more[0].removeprefix('segments=').split(',') if more else None
            here = segments is None or segment in segments or segment == ANYWHERE
            if here and self.fits(who):
                found.update(roles.split(','))
        return tuple(sorted(found))

    def credentials(self) -> dict[str, Any]:
        """What rules may ask for besides roles."""
        return {
            'user_id': self.user or self.name,
            'project_id': self.project,
            'system_scope': 'all' if self.system else None,
            'keystone_roles': list(self.roles),
        }
