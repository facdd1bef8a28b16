"""Life by the banner of the host's SSH server."""

from __future__ import annotations

from typing import Self

from drivers.contracts.errors import Refused, Unreachable
from drivers.contracts.life import LifeDriver, Seen, fill
from drivers.sockets import Closed, Line, Silent, address, dial

PORT = 22
BANNER = 'SSH-'
LINES = 20  #: a server may send other lines before its banner (RFC 4253 4.2)


class SshLife(LifeDriver):
    """``ssh://{host}`` or ``ssh://{host}:PORT``. A banner takes a program that runs; nobody logs
    in, and no key is needed. A host that takes the connection and says nothing hangs: no life."""

    def __init__(self, target: str) -> None:
        self._target = target

    @classmethod
    def build(cls, target: str) -> Self:
        address(fill(target, 'host'), PORT)
        return cls(target)

    def look(self, host: str, *, timeout: float) -> Seen:
        try:
            where = address(fill(self._target, host), PORT)
            with dial(*where, timeout=timeout) as (_, line):
                return _heard(line)
        except Closed:
            return Seen(None, 'the port is closed: something answers, which may not be the host')
        except Silent as error:
            return Seen(False, str(error))
        except (Refused, Unreachable) as error:
            return Seen(None, str(error))


def _heard(line: Line) -> Seen:
    for _ in range(LINES):
        said = line.next()
        if said.startswith(BANNER):
            return Seen(True, printable(said))
    return Seen(None, 'what answers is no SSH server')


def printable(said: str) -> str:
    """What a stranger said, short and harmless in a terminal."""
    return ''.join(sign if sign.isprintable() else '?' for sign in said)[:60]
