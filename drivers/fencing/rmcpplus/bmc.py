"""The process that speaks to a BMC with python-ipmi: one question, one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pyipmi
from pyipmi import errors
from pyipmi.interfaces.rmcpplus import RmcpPlus
from pyipmi.msgs import constants

from drivers import child, ipmi
from drivers.contracts.errors import AccessDenied, Refused, Unreachable

BMC_ADDRESS = 0x20  # on its own bus, where every BMC is
PACKET_SECONDS = 1.0  # for one answer, before the packet is sent again

# Status codes of the session set-up (IPMI 2.0 table 13-15) that are about who we are.
DENIED = {
    constants.MSC_INVALID_ROLE,
    constants.MSC_UNAUTHORIZED_ROLE,
    constants.MSC_INVALID_NAME_LENGTH,
    constants.MSC_UNAUTHORIZED_NAME,
    constants.MSC_INVALID_INTEGRITY_CHECK_VALUE,
}
NO_CIPHER = {
    constants.MSC_INVALID_AUTHENTICATION_ALGORITHM,
    constants.MSC_INVALID_INTEGRITY_ALGORITHM,
    constants.MSC_INVALID_CONFIDENTIALITY_ALGORITHM,
    constants.MSC_NO_MATCHING_AUTHENTICATION_PAYLOAD,
    constants.MSC_NO_MATCHING_INTEGRITY_PAYLOAD,
    constants.MSC_NO_CIPHER_SUITE_MATCH,
}
# Completion codes of Set Session Privilege Level (22.18): not for this user, above the limit.
PRIVILEGE_REFUSED = {0x80, 0x81}


class Lan(RmcpPlus):
    """The library's interface, but without its ping, which many firewalls and BMCs swallow."""

    def ping(self) -> None:
        """Ask nothing: the handshake tells whether somebody is there, and is asked again."""


def answer(question: dict[str, Any], left: Callable[[], float]) -> dict[str, Any]:
    """Log in and do the one operation."""
    connection = _login(question['settings'], left)
    return ipmi.operate(question['operation'], partial(_send, connection), left)


def _login(settings: Mapping[str, Any], left: Callable[[], float]) -> pyipmi.Ipmi:
    key = settings.get('kg')
    interface = Lan(
        keep_alive_interval=0,  # no thread: the session lives for one operation
        max_retries=max(int(left() / PACKET_SECONDS), 1),
        cipher_suite=settings.get('cipher_suite'),
        kg=key.encode() if key else None,
    )
    connection = pyipmi.create_connection(interface)
    connection.target = pyipmi.Target(ipmb_address=BMC_ADDRESS)
    session = connection.session
    session.set_session_type_rmcp(settings['address'], port=settings.get('port', 623))
    session.set_auth_type_user(settings['username'], settings['password'])
    session.set_priv_level(settings.get('privilege', 'administrator'))
    interface.open()
    interface.set_timeout(PACKET_SECONDS)
    try:
        session.establish()
    except Exception as error:  # of the library's own, socket's and struct's
        raise _of_login(error) from error
    return connection


def _of_login(error: Exception) -> Exception:
    text = str(error) or type(error).__name__
    if isinstance(error, errors.AuthenticationError | errors.IpmiLongPasswordError):
        return AccessDenied(f'the BMC did not let us in: {text}')
    if isinstance(error, errors.MessageStatusCodeError):
        if error.msc in DENIED:
            return AccessDenied(f'the BMC did not let us in: {error.msc_desc}')
        if error.msc in NO_CIPHER:
            return Refused(f'the BMC knows none of our cipher suites: {error.msc_desc}')
        return Unreachable(f'no session with the BMC: {error.msc_desc}')
    if isinstance(error, errors.CompletionCodeError):
        if error.cc in PRIVILEGE_REFUSED:
            return AccessDenied(f'our privilege level is not for this user: {error.cc_desc}')
        return ipmi.refusal(error.cc, error.cc_desc)
    if isinstance(error, errors.NotSupportedError):
        return Refused(f'the BMC speaks no IPMI 2.0: {text}')
    if isinstance(error, TimeoutError | errors.RetryError):
        return Unreachable('the BMC does not answer')
    return Unreachable(f'no session with the BMC: {text}')


def _send(connection: pyipmi.Ipmi, netfn: int, command: int, data: Sequence[int]) -> Sequence[int]:
    try:
        reply = bytes(connection.send_raw(0, netfn, bytes([command, *data])))
    except Exception as error:  # a packet that is forged, too short, or none
        text = str(error) or type(error).__name__
        raise Unreachable(f'the BMC stopped answering: {text}') from error
    if not reply:
        raise Unreachable('the BMC sent an answer without a completion code')
    if reply[0]:
        raise ipmi.refusal(reply[0], errors.CompletionCodeError(reply[0]).cc_desc)
    return reply[1:]


if __name__ == '__main__':
    child.serve(answer)
