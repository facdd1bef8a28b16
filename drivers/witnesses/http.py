"""A witness that answers a request over HTTP."""

from __future__ import annotations

import ssl
from typing import Self
from urllib.parse import urlsplit

from drivers.contracts.errors import Refused, Unreachable
from drivers.contracts.witness import WitnessDriver
from drivers.sockets import Closed, address, dial

PORTS = {'http': 80, 'https': 443}
TROUBLE = 500  #: from here on it may be a proxy on our side that answers in its place


class HttpWitness(WitnessDriver):
    """``http://...`` or ``https://...``. Any status below 500 counts: it is the target that
    answers. A certificate that does not verify does not (RFC 9112 3 for the first line)."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS:
            raise Refused(f'{url!r} is no address: give http://HOST or https://HOST')
        self._secure = parts.scheme == 'https'
        self._host, self._port = address(url, PORTS[parts.scheme])
        path = parts.path or '/'
        self._path = f'{path}?{parts.query}' if parts.query else path
        self._named = parts.netloc
        if any(sign.isspace() or not sign.isprintable() for sign in url):
            raise Refused(f'{url!r} is no address: it holds a space')

    @classmethod
    def build(cls, url: str) -> Self:
        return cls(url)

    def ask(self, *, timeout: float) -> str:
        request = (
            f'GET {self._path} HTTP/1.1\r\nHost: {self._named}\r\n'
            'User-Agent: openstack-recovery\r\nAccept: */*\r\nConnection: close\r\n\r\n'
        )
        try:
            with dial(self._host, self._port, timeout=timeout) as (connection, line):
                if self._secure:
                    connection.settimeout(timeout)
                    context = ssl.create_default_context()
                    line.wrap(context.wrap_socket(connection, server_hostname=self._host))
                line.send(request.encode('ascii', 'replace'))
                return self._understood(line.next())
        except Closed as error:
            raise Unreachable('refused the connection') from error
        except (ssl.SSLError, OSError) as error:
            raise Unreachable(f'no TLS: {error}') from error

    def _understood(self, first: str) -> str:
        protocol, _, rest = first.partition(' ')
        status = rest[:3]
        if not protocol.startswith('HTTP/') or not status.isdigit():
            raise Unreachable('what answers does not speak HTTP')
        if int(status) >= TROUBLE:
            raise Unreachable(f'answered {status}')
        return f'answered {status}'
