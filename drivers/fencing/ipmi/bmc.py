"""The process that speaks to a BMC with pyghmi: one question, one answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyghmi.exceptions import IpmiException
from pyghmi.ipmi.command import Command

from drivers import child
from drivers.contracts.errors import AccessDenied, NotFound, Refused, Unreachable

CHASSIS, APPLICATION = 0x00, 0x06
CHASSIS_STATUS, CHASSIS_CONTROL = 0x01, 0x02
DEVICE_GUID, SYSTEM_GUID = 0x08, 0x37
CONTROL = {'off': 0x00, 'on': 0x01}
PRIVILEGE = {'operator': 3, 'administrator': 4}

# Completion codes that say "not now": busy, timed out, out of space, lost reservation, still
# initialising, updating; and pyghmi's own code for silence.
TRANSIENT = {0xC0, 0xC3, 0xC4, 0xC5, 0xCE, 0xCF, 0xD1, 0xD2, 0xFFFF}
UNSUPPORTED = {0xC1, 0xC2}
DENIED = 0xD4

# pyghmi tells failed logins apart by text only.
LOGIN_REFUSED = (
    'Incorrect password',
    'Unauthorized',
    'Invalid integrity check',
    'Invalid RAKP4 integrity',
    'Invalid username length',
    'Invalid role',
)
NO_GUID = {uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)}


def answer(question: dict[str, Any], left: Callable[[], float]) -> dict[str, Any]:
    """Log in and do the one operation."""
    operation = question['operation']
    session = _login(question['settings'])
    if operation == 'power_state':
        return {'power': _power(session)}
    if operation == 'identity':
        return {'identity': _identity(session)}
    _control(session, operation.removeprefix('power_'), left)
    return {}


def _login(settings: Mapping[str, Any]) -> Command:
    def encoded(name: str) -> bytes | None:
        # Bytes, because pyghmi files its sessions under what it is given and removes them by
        # the encoded form: with text the second login to a BMC waits for ever.
        return settings[name].encode() if settings.get(name) else None

    try:
        return Command(
            bmc=settings['address'],
            port=settings.get('port', 623),
            userid=encoded('username'),
            password=encoded('password'),
            kg=encoded('kg'),
            privlevel=PRIVILEGE[settings.get('privilege', 'administrator')],
        )
    except IpmiException as error:
        text = str(error)
        if any(sign in text for sign in LOGIN_REFUSED):
            raise AccessDenied(f'the BMC did not let us in: {text}') from error
        if text in ('None', 'timeout', ''):
            raise Unreachable('the BMC does not answer') from error
        raise Unreachable(f'no session with the BMC: {text}') from error


def _command(session: Command, netfn: int, command: int, data: Sequence[int] = ()) -> Sequence[int]:
    try:
        reply = session.raw_command(netfn=netfn, command=command, data=tuple(data))
    except IpmiException as error:
        raise Unreachable(f'the BMC stopped answering: {error}') from error
    code = reply.get('code', 0)
    if 'error' not in reply and not code:
        return tuple(reply.get('data', ()))
    text = f'{reply.get("error") or "no"} (completion code {code:#x})'
    if code in TRANSIENT:
        raise Unreachable(f'the BMC cannot answer now: {text}')
    if code == DENIED:
        raise AccessDenied(f'our privilege level does not suffice: {text}')
    if code in UNSUPPORTED:
        raise NotFound(f'the BMC does not know this command: {text}')
    raise Refused(f'the BMC refused: {text}')


def _power(session: Command) -> str | None:
    data = _command(session, CHASSIS, CHASSIS_STATUS)
    if not data:
        return None
    return 'on' if data[0] & 1 else 'off'


def _control(session: Command, wanted: str, left: Callable[[], float]) -> None:
    # pyghmi's set_power is not used: it sends nothing when it reads the wanted state, and a
    # BMC that lies about its state must still be asked.
    if left() <= 0:
        raise Unreachable('no time left to send the request')
    try:
        _command(session, CHASSIS, CHASSIS_CONTROL, [CONTROL[wanted]])
    except AccessDenied:
        raise
    except Refused:
        # Many BMCs refuse to switch off what is off. Only a fresh reading excuses the refusal.
        if _power(session) != wanted:
            raise


def _identity(session: Command) -> str | None:
    for command in (SYSTEM_GUID, DEVICE_GUID):
        try:
            data = _command(session, APPLICATION, command)
        except NotFound:
            continue
        if len(data) == 16 and uuid.UUID(bytes=bytes(data)) not in NO_GUID:
            return str(uuid.UUID(bytes=bytes(data)))
    return None


if __name__ == '__main__':
    child.serve(answer)
