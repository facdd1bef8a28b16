from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from drivers import ipmi
from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable

GUID = uuid.UUID('11112222-3333-4444-5555-666677778888')


class Bmc:
    """Answers by (network function, command): data, or the completion code of a refusal."""

    def __init__(self, replies: dict[tuple[int, int], bytes | int]) -> None:
        self.replies = replies
        self.sent: list[tuple[int, int, tuple[int, ...]]] = []

    def __call__(self, netfn: int, command: int, data: Sequence[int]) -> Sequence[int]:
        self.sent.append((netfn, command, tuple(data)))
        reply = self.replies[netfn, command]
        if isinstance(reply, int):
            raise ipmi.refusal(reply, 'no')
        return reply


@pytest.mark.parametrize(
    ('code', 'error'),
    [
        (0xC0, Unreachable),
        (0xC3, Unreachable),
        (0xD2, Unreachable),
        (0xC1, NotFound),
        (0xC2, NotFound),
        (0xD4, AccessDenied),
        (0xD5, Refused),
        (0xFF, Refused),
    ],
)
def test_refusals_are_classed_by_what_may_be_done_next(code: int, error: type[DriverError]) -> None:
    assert type(ipmi.refusal(code, 'no')) is error


@pytest.mark.parametrize(
    ('reply', 'state'), [(b'\x01\x00', 'on'), (b'\x60\x00', 'off'), (b'', None)]
)
def test_power(reply: bytes, state: str | None) -> None:
    assert ipmi.power(Bmc({(0, 1): reply})) == state


def test_power_off_is_sent_whatever_the_state_reads() -> None:
    bmc = Bmc({(0, 1): b'\x00', (0, 2): b''})
    ipmi.control('off', bmc, lambda: 1.0)
    ipmi.control('on', bmc, lambda: 1.0)
    assert bmc.sent == [(0, 2, (0,)), (0, 2, (1,))]


def test_a_refusal_is_excused_by_a_fresh_reading_only() -> None:
    ipmi.control('off', Bmc({(0, 2): 0xD5, (0, 1): b'\x00'}), lambda: 1.0)
    with pytest.raises(Refused):
        ipmi.control('off', Bmc({(0, 2): 0xD5, (0, 1): b'\x01'}), lambda: 1.0)
    with pytest.raises(AccessDenied):
        ipmi.control('off', Bmc({(0, 2): 0xD4, (0, 1): b'\x00'}), lambda: 1.0)


def test_a_request_that_is_too_late_is_not_sent() -> None:
    bmc = Bmc({(0, 2): b''})
    with pytest.raises(Unreachable):
        ipmi.control('off', bmc, lambda: -0.1)
    assert bmc.sent == []


@pytest.mark.parametrize(
    ('system', 'device', 'identity'),
    [
        (GUID.bytes, b'', str(GUID)),
        (0xC1, GUID.bytes, str(GUID)),
        (bytes(16), GUID.bytes, str(GUID)),
        (0xC1, 0xC1, None),
        (b'\x01\x02', b'\xff' * 16, None),
    ],
)
def test_identity(system: Any, device: Any, identity: str | None) -> None:
    assert ipmi.identity(Bmc({(6, 0x37): system, (6, 0x08): device})) == identity


def test_an_identity_that_could_not_be_asked_is_not_none() -> None:
    with pytest.raises(Unreachable):
        ipmi.identity(Bmc({(6, 0x37): 0xC0, (6, 0x08): GUID.bytes}))


@pytest.mark.parametrize(
    ('operation', 'answer', 'sent'),
    [
        ('power_state', {'power': 'on'}, (0, 1, ())),
        ('power_off', {}, (0, 2, (0,))),
        ('power_on', {}, (0, 2, (1,))),
        ('identity', {'identity': str(GUID)}, (6, 0x37, ())),
    ],
)
def test_operations(operation: str, answer: Any, sent: Any) -> None:
    bmc = Bmc({(0, 1): b'\x01', (0, 2): b'', (6, 0x37): GUID.bytes})
    assert ipmi.operate(operation, bmc, lambda: 1.0) == answer
    assert bmc.sent == [sent]
