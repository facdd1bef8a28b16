"""The IPMI commands that fencing needs, and what their answers mean, whatever library sends them.

Source: Intelligent Platform Management Interface Specification, second generation, v2.0:
completion codes table 5-2, Get Device GUID 20.8, Get System GUID 22.14, chassis commands 28.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable

CHASSIS, APPLICATION = 0x00, 0x06
CHASSIS_STATUS, CHASSIS_CONTROL = 0x01, 0x02
DEVICE_GUID, SYSTEM_GUID = 0x08, 0x37
CONTROL = {'off': 0x00, 'on': 0x01}

# Completion codes that say "not now": busy, timed out, out of space, lost reservation, still
# initialising, updating.
TRANSIENT = {0xC0, 0xC3, 0xC4, 0xC5, 0xCE, 0xCF, 0xD1, 0xD2}
UNSUPPORTED = {0xC1, 0xC2}
DENIED = 0xD4

NO_GUID = {uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)}

#: Given a network function, a command and its data, returns the answer's data. Raises DriverError.
Send = Callable[[int, int, Sequence[int]], Sequence[int]]


def refusal(code: int, words: str) -> DriverError:
    """What a completion code other than 0 means to the caller.

    :param words: the library's own for that code.
    """
    text = f'{words} (completion code {code:#x})'
    if code in TRANSIENT:
        return Unreachable(f'the BMC cannot answer now: {text}')
    if code == DENIED:
        return AccessDenied(f'our privilege level does not suffice: {text}')
    if code in UNSUPPORTED:
        return NotFound(f'the BMC does not know this command: {text}')
    return Refused(f'the BMC refused: {text}')


def operate(operation: str, send: Send, left: Callable[[], float]) -> dict[str, Any]:
    """Carry out one operation of the fencing contract. Raises DriverError.

    :param operation: 'power_state', 'power_off', 'power_on' or 'identity'.
    :param left: seconds until the answer is too late.
    """
    if operation == 'power_state':
        return {'power': power(send)}
    if operation == 'identity':
        return {'identity': identity(send)}
    control(operation.removeprefix('power_'), send, left)
    return {}


def power(send: Send) -> str | None:
    """'on' or 'off'; None for an answer that says neither."""
    data = send(CHASSIS, CHASSIS_STATUS, ())
    if not data:
        return None
    return 'on' if data[0] & 1 else 'off'


def control(wanted: str, send: Send, left: Callable[[], float]) -> None:
    """Request 'on' or 'off', whatever the state reads: a BMC that lies must be asked, too."""
    if left() <= 0:
        raise Unreachable('no time left to send the request')
    try:
        send(CHASSIS, CHASSIS_CONTROL, (CONTROL[wanted],))
    except AccessDenied:
        raise
    except Refused:
        # Many BMCs refuse to switch off what is off. Only a fresh reading excuses the refusal.
        if power(send) != wanted:
            raise


def identity(send: Send) -> str | None:
    """The system's GUID, or else the BMC's own, in the order of its bytes."""
    for command in (SYSTEM_GUID, DEVICE_GUID):
        try:
            data = send(APPLICATION, command, ())
        except NotFound:
            continue
        if len(data) == 16 and uuid.UUID(bytes=bytes(data)) not in NO_GUID:
            return str(uuid.UUID(bytes=bytes(data)))
    return None
