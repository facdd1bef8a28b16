from __future__ import annotations

import importlib
import importlib.util
import struct
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from pyipmi import errors

from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable
from drivers.fencing import rmcpplus
from drivers.fencing.rmcpplus import RmcpPlusFencing, bmc
from recovery import plugins

SETTINGS = {'address': '192.0.2.1', 'username': 'admin', 'password': 'a-password'}


class Connection:
    """Answers every raw command alike, as python-ipmi hands it on."""

    def __init__(self, reply: bytes | Exception) -> None:
        self.reply = reply
        self.sent: list[tuple[int, int, bytes]] = []

    def send_raw(self, lun: int, netfn: int, raw: bytes) -> bytes:
        self.sent.append((lun, netfn, raw))
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


def test_a_command_is_handed_on_as_it_is() -> None:
    connection = Connection(b'\x00\x01\x02')
    assert bmc._send(cast(Any, connection), 0, 2, [7]) == b'\x01\x02'
    assert connection.sent == [(0, 0, b'\x02\x07')]


@pytest.mark.parametrize(
    ('reply', 'error'),
    [
        (b'\xc0', Unreachable),
        (b'\xc1', NotFound),
        (b'\xd4', AccessDenied),
        (b'\xd5', Refused),
        (b'\xff', Refused),
        (b'', Unreachable),
        (errors.RetryError('no answer'), Unreachable),
        (errors.DecodingError('short'), Unreachable),
        (errors.AuthenticationError('a forged packet'), Unreachable),
        (struct.error('short'), Unreachable),
        (ConnectionRefusedError(), Unreachable),
    ],
)
def test_errors_are_classed_by_what_may_be_done_next(
    reply: bytes | Exception, error: type[DriverError]
) -> None:
    with pytest.raises(error) as caught:
        bmc._send(cast(Any, Connection(reply)), 0, 1, ())
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ('raised', 'error'),
    [
        (errors.AuthenticationError('wrong password?'), AccessDenied),
        (errors.IpmiLongPasswordError('long'), AccessDenied),
        (errors.MessageStatusCodeError(0x0D), AccessDenied),
        (errors.MessageStatusCodeError(0x09), AccessDenied),
        (errors.MessageStatusCodeError(0x01), Unreachable),
        (errors.MessageStatusCodeError(0x11), Refused),
        (errors.CompletionCodeError(0x81), AccessDenied),
        (errors.CompletionCodeError(0xC0), Unreachable),
        (errors.NotSupportedError('no IPMI 2.0'), Refused),
        (errors.RetryError('no answer'), Unreachable),
        (errors.DecodingError('short'), Unreachable),
        (TimeoutError(), Unreachable),
        (ConnectionRefusedError(), Unreachable),
        (struct.error('short'), Unreachable),
    ],
)
def test_a_login_is_refused_or_unanswered(raised: Exception, error: type[DriverError]) -> None:
    found = bmc._of_login(raised)
    assert type(found) is error
    assert str(found)


@pytest.mark.parametrize('library', ['pyipmi', 'cryptography'])
def test_without_its_libraries_it_is_no_driver(
    monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    assert plugins.fencing_drivers()['ipmi-rmcpplus'] is RmcpPlusFencing
    find = importlib.util.find_spec

    def missing(name: str, package: str | None = None) -> Any:
        return None if name == library else find(name, package)

    monkeypatch.setattr(importlib.util, 'find_spec', missing)
    monkeypatch.delitem(importlib.sys.modules, rmcpplus.__name__)  # type: ignore[attr-defined]
    assert 'ipmi-rmcpplus' not in plugins.fencing_drivers()
    with pytest.raises(LookupError, match=rf'{library}.*rmcpplus\]'):
        plugins.load(plugins.FENCING, 'ipmi-rmcpplus')


def test_settings() -> None:
    schema = Draft202012Validator(RmcpPlusFencing.SETTINGS_SCHEMA)
    assert schema.is_valid(SETTINGS)
    assert schema.is_valid(SETTINGS | {'port': 6230, 'kg': 'key', 'cipher_suite': 3})
    for wrong in (
        {'address': '192.0.2.1/24'},
        {'address': '2001:db8::1'},
        {'port': 0},
        {'password': 'x' * 21},
        {'cipher_suite': 0},
        {'adress': 'x'},
    ):
        assert not schema.is_valid(SETTINGS | wrong)


def test_repr_has_no_password() -> None:
    assert 'a-password' not in repr(RmcpPlusFencing.build(SETTINGS))
