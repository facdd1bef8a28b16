"""Life on a TCP port of the host."""

from __future__ import annotations

from typing import Self

from drivers.contracts.errors import Refused, Unreachable
from drivers.contracts.life import LifeDriver, Seen, fill
from drivers.sockets import Closed, Silent, address, dial


class TcpLife(LifeDriver):
    """``tcp://{host}:PORT``. The kernel alone takes a connection: a host whose programs hang still
    shows it. A refusal may come from something in between, and says nothing."""

    def __init__(self, target: str) -> None:
        self._target = target

    @classmethod
    def build(cls, target: str) -> Self:
        address(fill(target, 'host'))
        return cls(target)

    def look(self, host: str, *, timeout: float) -> Seen:
        try:
            where = address(fill(self._target, host))
            with dial(*where, timeout=timeout):
                return Seen(True, 'it takes connections')
        except Closed:
            return Seen(None, 'the port is closed: something answers, which may not be the host')
        except Silent as error:
            return Seen(False, str(error))
        except (Refused, Unreachable) as error:
            return Seen(None, str(error))
