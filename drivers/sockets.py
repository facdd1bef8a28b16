"""Plain TCP with a limit on the whole time: for questions that one line answers.

A seam to the real machine, as the system clock is: a socket cannot live on virtual time.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from drivers.clock import SystemClock
from drivers.contracts.errors import Refused, Unreachable

LINE = 1024  #: bytes; a longer line is cut
MOST = 8192  #: bytes that are read in all


class Closed(Refused):
    """Nothing listens there: some machine, maybe another one on the way, said so."""


def address(url: str, port: int | None = None) -> tuple[str, int]:
    """Host and port of a URL, or of what follows its scheme.

    :param port: where the URL names none.
    :raises Refused: it is not of the form HOST:PORT.
    """
    text = url if '//' in url else f'//{url}'
    try:
        parts = urlsplit(text)
        found = parts.hostname, parts.port or port
    except ValueError as error:
        raise Refused(f'{url!r} is no address: {error}') from error
    if '@' in text:
        raise Refused(f'{url.split("@")[-1]!r}: an address holds no user and no password')
    if not found[0] or found[1] is None:
        raise Refused(f'{url!r} is no address: give HOST:PORT')
    return found[0], found[1]


class Silent(Unreachable):
    """Nobody answered in time."""


class Line:
    """One connection, for as long as its time lasts."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until
        self._read = 0
        self._kept = b''

    def send(self, data: bytes) -> None:
        """Raises Unreachable."""
        with _understood():
            self._connection.settimeout(_left(self._until))
            self._connection.sendall(data)

    def next(self) -> str:
        """The next line, without its end. Raises Unreachable when none comes in time."""
        while b'\n' not in self._kept and len(self._kept) < LINE:
            with _understood():
                self._connection.settimeout(_left(self._until))
                more = self._connection.recv(LINE)
            self._read += len(more)
            if not more:
                raise Unreachable('the connection was closed without an answer')
            if self._read > MOST:
                raise Unreachable('it talks, and does not come to the point')
            self._kept += more
        line, _, self._kept = self._kept.partition(b'\n')
        return line[:LINE].decode('ascii', 'replace').strip()

    def wrap(self, connection: socket.socket) -> None:
        """Go on over this connection, which wraps the one before."""
        self._connection = connection


@contextlib.contextmanager
def dial(host: str, port: int, *, timeout: float) -> Iterator[tuple[socket.socket, Line]]:
    """A connection, closed afterwards; every address of the name is tried.

    :raises Closed: nothing listens on that port.
    :raises Unreachable: nobody answered in time, or there is no such name.
    """
    until = SystemClock().elapsed() + timeout
    connection = _connected(host, port, until)
    try:
        yield connection, Line(connection, until)
    finally:
        connection.close()


def _connected(host: str, port: int, until: float) -> socket.socket:
    with _understood():
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    last: Exception = Unreachable(f'{host} has no address')
    for number, (family, kind, protocol, _, where) in enumerate(found):
        connection = socket.socket(family, kind, protocol)
        try:
            with _understood():
                connection.settimeout(_left(until) / (len(found) - number))
                connection.connect(where)
            return connection
        except (Closed, Unreachable) as error:
            connection.close()
            last = error
    raise last


def _left(until: float) -> float:
    left = until - SystemClock().elapsed()
    if left <= 0:
        raise Silent('no answer in time')
    return left


@contextlib.contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except ConnectionRefusedError as error:
        raise Closed('the connection was refused') from error
    except TimeoutError as error:
        raise Silent('no answer in time') from error
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be one
        raise Unreachable(f'no connection: {getattr(error, "strerror", None) or error}') from error
