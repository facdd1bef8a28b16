"""Where the peers keep their state, and which ports they listen on. All of it can be overridden."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Settings:
    """One set of peers. Two sets need two directories and two port bases."""

    directory: Path
    port: int
    names: tuple[str, ...]  #: the hosts that have a BMC
    hook: str  #: command that is called as HOOK on|off|get NAME; '' for power kept in files
    user: str = 'recovery'
    password: str = 'not-a-secret'  # noqa: S105 - peers on loopback, gone after the tests

    @property
    def redfish_port(self) -> int:
        return self.port

    @property
    def redis_port(self) -> int:
        return self.port + 1

    @property
    def mariadb_port(self) -> int:
        return self.port + 2

    @property
    def rabbitmq_port(self) -> int:
        return self.port + 3

    @property
    def rabbitmq_own_ports(self) -> tuple[int, int]:
        return self.port + 4, self.port + 5

    @property
    def pdu_port(self) -> int:
        return self.port + 6

    @property
    def alertmanager_port(self) -> int:
        return self.port + 7

    def ipmi_port(self, name: str) -> int:
        return self.port + 10 + self.names.index(name)

    def uuid(self, name: str) -> str:
        """What the Redfish farm says that the host's system is."""
        return f'5ec0de00-0000-4000-8000-{self.names.index(name) + 1:012d}'

    def guid(self, name: str) -> str:
        """What the host's ipmi_sim says that it is."""
        return f'1de47117000040008000{self.names.index(name) + 1:012d}'


def from_environment() -> Settings:
    """``RECOVERY_PEERS_DIR``, ``_PORT``, ``_NAMES`` (or ``_COUNT``) and ``_HOOK``."""
    environment = os.environ
    count = int(environment.get('RECOVERY_PEERS_COUNT', '4'))
    names = environment.get('RECOVERY_PEERS_NAMES', '').split()
    return Settings(
        directory=Path(environment.get('RECOVERY_PEERS_DIR') or TOP / '.peers').resolve(),
        port=int(environment.get('RECOVERY_PEERS_PORT', '26000')),
        names=tuple(names or (f'compute-{number:02d}' for number in range(1, count + 1))),
        hook=environment.get('RECOVERY_PEERS_HOOK', ''),
    )
