from __future__ import annotations

from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from pyghmi.exceptions import IpmiException

from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable
from drivers.fencing.ipmi import IpmiFencing, bmc

SETTINGS = {'address': '192.0.2.1', 'username': 'admin', 'password': 'a-password'}


class Session:
    """Answers every raw command alike, as pyghmi hands it on."""

    def __init__(self, reply: Any) -> None:
        self.reply = reply
        self.sent: list[tuple[int, int, tuple[int, ...]]] = []

    def raw_command(self, netfn: int, command: int, data: tuple[int, ...] = ()) -> Any:
        self.sent.append((netfn, command, data))
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


def refusal(code: int) -> dict[str, Any]:
    return {'error': 'no', 'code': code, 'data': ()}


def test_a_command_is_handed_on_as_it_is() -> None:
    session = Session({'code': 0, 'data': bytearray(b'\x01\x02')})
    assert bmc._send(cast(Any, session), 0, 2, [7]) == (1, 2)
    assert session.sent == [(0, 2, (7,))]


@pytest.mark.parametrize(
    ('reply', 'error'),
    [
        (refusal(0xC0), Unreachable),
        (refusal(0xFFFF), Unreachable),
        (refusal(0xC1), NotFound),
        (refusal(0xD4), AccessDenied),
        (refusal(0xD5), Refused),
        (refusal(0xFF), Refused),
        ({'error': 'no'}, Refused),
        (IpmiException('Session no longer connected'), Unreachable),
    ],
)
def test_errors_are_classed_by_what_may_be_done_next(reply: Any, error: type[DriverError]) -> None:
    with pytest.raises(error) as caught:
        bmc._send(cast(Any, Session(reply)), 0, 1, ())
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ('text', 'error'),
    [
        ('Incorrect password provided', AccessDenied),
        ('Unauthorized name in RAKP2', AccessDenied),
        ('None', Unreachable),
        ('timeout', Unreachable),
        ('Insufficient resources', Unreachable),
    ],
)
def test_a_login_is_refused_or_unanswered(
    monkeypatch: pytest.MonkeyPatch, text: str, error: type[DriverError]
) -> None:
    def login(**_: Any) -> None:
        raise IpmiException(text)

    monkeypatch.setattr(bmc, 'Command', login)
    with pytest.raises(error) as caught:
        bmc._login(SETTINGS)
    assert type(caught.value) is error


def test_settings() -> None:
    schema = Draft202012Validator(IpmiFencing.SETTINGS_SCHEMA)
    assert schema.is_valid(SETTINGS)
    assert schema.is_valid(SETTINGS | {'port': 6230, 'kg': 'key', 'privilege': 'operator'})
    for wrong in (
        {'address': '192.0.2.1/24'},
        {'port': 0},
        {'password': 'x' * 21},
        {'adress': 'x'},
    ):
        assert not schema.is_valid(SETTINGS | wrong)


def test_repr_has_no_password() -> None:
    assert 'a-password' not in repr(IpmiFencing.build(SETTINGS))
