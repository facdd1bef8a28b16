"""Life by an SSH banner, against real servers that talk like one."""

from __future__ import annotations

import pytest

from drivers.contracts.errors import Refused
from drivers.contracts.life import Seen
from drivers.life.ssh import SshLife
from tests.unit.drivers.listeners import Serve, closed_port, deaf, listening


def look(port: int, timeout: float = 5.0) -> Seen:
    return SshLife.build(f'ssh://{{host}}:{port}').look('127.0.0.1', timeout=timeout)


def says(text: bytes) -> Serve:
    return lambda client: client.sendall(text)


def test_a_banner_is_life() -> None:
    with listening(says(b'SSH-2.0-OpenSSH_9.2\r\n')) as port:
        seen = look(port)
    assert seen == Seen(True, 'SSH-2.0-OpenSSH_9.2')


def test_lines_before_the_banner() -> None:
    with listening(says(b'Property of ACME\r\nGo away\r\nSSH-2.0-x\r\n')) as port:
        assert look(port).alive is True


def test_a_host_that_hangs_takes_the_connection_and_says_nothing() -> None:
    with listening() as port:
        seen = look(port, 0.3)
    assert seen == Seen(False, 'no answer in time')


def test_something_else_on_that_port_says_nothing() -> None:
    with listening(says(b'220 mail\r\n' * 30)) as port:
        assert look(port) == Seen(None, 'what answers is no SSH server')
    with listening(says(b'')) as port:
        assert look(port).alive is None


def test_what_a_stranger_says_is_harmless_in_a_terminal() -> None:
    with listening(says(b'SSH-2.0-\x1b[2Jx' + b'y' * 300 + b'\r\n')) as port:
        seen = look(port)
    assert seen.alive is True
    assert '\x1b' not in seen.said
    assert len(seen.said) < 100


def test_nobody_there() -> None:
    assert look(closed_port()).alive is None
    with deaf() as port:
        assert look(port, 0.2).alive is False


def test_targets() -> None:
    assert SshLife.build('ssh://{short}.oob.example.org')
    with pytest.raises(Refused):
        SshLife.build('ssh://root:secret@{host}')
