"""The process that speaks to a BMC with pyghmi: one question, one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pyghmi.exceptions import IpmiException
from pyghmi.ipmi.command import Command

from drivers import child, ipmi
from drivers.contracts.errors import AccessDenied, Unreachable

PRIVILEGE = {'operator': 3, 'administrator': 4}
SILENCE = 0xFFFF  # pyghmi's own completion code

# pyghmi tells failed logins apart by text only.
LOGIN_REFUSED = (
    'Incorrect password',
    'Unauthorized',
    'Invalid integrity check',
    'Invalid RAKP4 integrity',
    'Invalid username length',
    'Invalid role',
)


def answer(question: dict[str, Any], left: Callable[[], float]) -> dict[str, Any]:
    """Log in and do the one operation."""
    session = _login(question['settings'])
    # pyghmi's set_power is not used: it sends nothing when it reads the wanted state, and a
    # BMC that lies about its state must still be asked.
    return ipmi.operate(question['operation'], partial(_send, session), left)


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


def _send(session: Command, netfn: int, command: int, data: Sequence[int]) -> Sequence[int]:
    try:
        reply = session.raw_command(netfn=netfn, command=command, data=tuple(data))
    except IpmiException as error:
        raise Unreachable(f'the BMC stopped answering: {error}') from error
    code = reply.get('code', 0)
    if 'error' not in reply and not code:
        return tuple(reply.get('data', ()))
    if code == SILENCE:
        raise Unreachable(f'the BMC stopped answering: {reply.get("error") or "no answer"}')
    raise ipmi.refusal(code, str(reply.get('error') or 'no'))


if __name__ == '__main__':
    child.serve(answer)
