from __future__ import annotations

import uuid
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from pyghmi.exceptions import IpmiException

from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable
from drivers.fencing.ipmi import IpmiFencing, bmc

SETTINGS = {'address': '192.0.2.1', 'username': 'admin', 'password': 'a-password'}
GUID = uuid.UUID('11112222-3333-4444-5555-666677778888')


class Session:
    """Answers raw commands by (network function, command), as pyghmi hands them on."""

    def __init__(self, replies: dict[tuple[int, int], Any]) -> None:
        self.replies = replies
        self.sent: list[tuple[int, int, tuple[int, ...]]] = []

    def raw_command(self, netfn: int, command: int, data: tuple[int, ...] = ()) -> Any:
        self.sent.append((netfn, command, data))
        reply = self.replies[netfn, command]
        if isinstance(reply, Exception):
            raise reply
        return reply


def refusal(code: int) -> dict[str, Any]:
    return {'error': 'no', 'code': code, 'data': ()}


def data(*values: int) -> dict[str, Any]:
    return {'code': 0, 'data': bytearray(values)}


def session(replies: dict[tuple[int, int], Any]) -> Any:
    return cast(Any, Session(replies))


@pytest.mark.parametrize(
    ('reply', 'state'), [(data(0x01, 0), 'on'), (data(0x60, 0), 'off'), (data(), None)]
)
def test_power(reply: Any, state: str | None) -> None:
    assert bmc._power(session({(0, 1): reply})) == state


@pytest.mark.parametrize(
    ('reply', 'error'),
    [
        (refusal(0xC0), Unreachable),
        (refusal(0xFFFF), Unreachable),
        (refusal(0xC1), NotFound),
        (refusal(0xD4), AccessDenied),
        (refusal(0xD5), Refused),
        (refusal(0xFF), Refused),
        (IpmiException('Session no longer connected'), Unreachable),
    ],
)
def test_errors_are_classed_by_what_may_be_done_next(reply: Any, error: type[DriverError]) -> None:
    with pytest.raises(error) as caught:
        bmc._power(session({(0, 1): reply}))
    assert type(caught.value) is error


def test_power_off_is_sent_whatever_the_state_reads() -> None:
    spoken = session({(0, 1): data(0x00), (0, 2): data()})
    bmc._control(spoken, 'off', lambda: 1.0)
    assert spoken.sent == [(0, 2, (0,))]


def test_a_refusal_is_excused_by_a_fresh_reading_only() -> None:
    bmc._control(session({(0, 2): refusal(0xD5), (0, 1): data(0x00)}), 'off', lambda: 1.0)
    with pytest.raises(Refused):
        bmc._control(session({(0, 2): refusal(0xD5), (0, 1): data(0x01)}), 'off', lambda: 1.0)
    with pytest.raises(AccessDenied):
        bmc._control(session({(0, 2): refusal(0xD4), (0, 1): data(0x00)}), 'off', lambda: 1.0)


def test_a_request_that_is_too_late_is_not_sent() -> None:
    late = session({(0, 2): data()})
    with pytest.raises(Unreachable):
        bmc._control(late, 'off', lambda: -0.1)
    assert late.sent == []


@pytest.mark.parametrize(
    ('system', 'device', 'identity'),
    [
        (data(*GUID.bytes), data(), str(GUID)),
        (refusal(0xC1), data(*GUID.bytes), str(GUID)),
        (data(*bytes(16)), data(*GUID.bytes), str(GUID)),
        (refusal(0xC1), refusal(0xC1), None),
        (data(1, 2, 3), data(*b'\xff' * 16), None),
    ],
)
def test_identity(system: Any, device: Any, identity: str | None) -> None:
    assert bmc._identity(session({(6, 0x37): system, (6, 0x08): device})) == identity


def test_an_identity_that_could_not_be_asked_is_not_none() -> None:
    with pytest.raises(Unreachable):
        bmc._identity(session({(6, 0x37): refusal(0xC0), (6, 0x08): data(*GUID.bytes)}))


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
