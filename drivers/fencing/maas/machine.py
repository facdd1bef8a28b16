"""What is said to MAAS's API 2.0, and what its answers mean.

Run as a module it is the process of one call: one question, one answer.

Sources: ``maasserver/api/nodes.py`` (PowerMixin) and ``api/auth.py`` of MAAS. Errors are plain
text. A power-off that MAAS has no means to send is answered with success and without a machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import requests

from drivers import child
from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable

REQUEST = {'power_off': ({'stop_mode': 'hard'}, 'off'), 'power_on': ({}, 'on')}
NOT_NOW = {408, 425, 429}
LONGEST = 200  #: characters of MAAS's own words that are kept
NO_UUID = {
    '',
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '03000200-0400-0500-0006-000700080009',  # boards whose maker never wrote one
}


def answer(
    question: dict[str, Any],
    left: Callable[[], float],
    mount: Callable[[requests.Session], None] | None = None,
) -> dict[str, Any]:
    """Do the one operation.

    :param question: ``operation``, ``settings``, and the ``nonce`` and ``stamp`` to sign with.
    :param left: seconds until the answer is too late.
    """
    operation = question['operation']
    with translated():
        machine = Machine(question, left, mount)
        if operation == 'power_state':
            return {'power': machine.power()}
        if operation == 'identity':
            return {'identity': machine.identity()}
        machine.switch(operation)
        return {}


class Machine:
    """One machine, for the time of one call. Sends each request once."""

    def __init__(
        self,
        question: Mapping[str, Any],
        left: Callable[[], float],
        mount: Callable[[requests.Session], None] | None,
    ) -> None:
        self._question = question
        settings = question['settings']
        self._url = (
            f'{settings["address"].rstrip("/")}/api/2.0/machines/'
            f'{quote(settings["system"], safe="")}/'
        )
        self._left = left
        self._asked = 0
        self._http = requests.Session()
        self._http.verify = settings.get('verify', True)
        self._http.trust_env = False  # a .netrc would replace our signature
        if mount is not None:
            mount(self._http)

    def power(self) -> str | None:
        """The state as MAAS spells it, freshly asked of the BMC."""
        said = self._json(self._send('GET', 'query_power_state'))
        return said.get('state') if isinstance(said, dict) else None

    def switch(self, operation: str) -> None:
        """Queue a request. A refusal is excused by a fresh reading only."""
        form, wanted = REQUEST[operation]
        try:
            response = self._send('POST', operation, form)
            if not self._is_machine(response):
                raise Refused('MAAS has no means to switch this machine: see its power type')
        except AccessDenied:
            raise
        except Refused:
            if self.power() != wanted:
                raise

    def identity(self) -> str | None:
        """The UUID that the hardware showed when it was commissioned, or else MAAS's own name."""
        said = self._json(self._send('GET'))
        if not isinstance(said, dict):
            return None
        value = said.get('hardware_uuid')
        if isinstance(value, str) and value.strip().lower() not in NO_UUID:
            return value.strip()
        name = said.get('system_id')
        return str(name) if name else None

    def _send(
        self, method: str, operation: str | None = None, form: Mapping[str, str] | None = None
    ) -> requests.Response:
        seconds = self._left()
        if seconds <= 0:
            raise Unreachable('no time left to send the request')
        self._asked += 1
        response = self._http.request(
            method,
            self._url,
            params={'op': operation} if operation else None,
            data=form,
            headers={'Authorization': self._signature(), 'Accept': 'application/json'},
            timeout=seconds,
            # requests makes a GET of a redirected POST: nothing would be switched off.
            allow_redirects=False,
        )
        if not 200 <= response.status_code < 300:
            raise _of_status(response)
        return response

    def _signature(self) -> str:
        """OAuth 1.0 PLAINTEXT (RFC 5849 3.4.4). MAAS's consumers have no secret of their own."""
        consumer, token, secret = self._question['settings']['api_key'].split(':')
        parts = {
            'oauth_version': '1.0',
            'oauth_signature_method': 'PLAINTEXT',
            'oauth_consumer_key': consumer,
            'oauth_token': token,
            'oauth_signature': f'&{quote(secret, safe="")}',
            'oauth_timestamp': str(self._question['stamp']),
            'oauth_nonce': f'{self._question["nonce"]}{self._asked}',
        }
        signed = ', '.join(f'{key}="{quote(value, safe="")}"' for key, value in parts.items())
        return f'OAuth {signed}'

    def _json(self, response: requests.Response) -> Any:
        try:
            return response.json()
        except ValueError as error:
            raise Unreachable('MAAS answered with something that is not JSON') from error

    def _is_machine(self, response: requests.Response) -> bool:
        said = self._json(response) if response.content.strip() else None
        return isinstance(said, dict)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what requests raises into what the contract allows."""
    try:
        yield
    except DriverError:
        raise
    except requests.exceptions.SSLError as error:
        why = 'its certificate is not trusted; "verify" says which are'
        raise Unreachable(f'no connection to MAAS: {why}') from error
    except OSError as error:  # of requests, too; a CA file that cannot be read is one
        raise Unreachable(f'MAAS cannot be reached: {type(error).__name__}: {error}') from error


def _of_status(response: requests.Response) -> DriverError:
    status = response.status_code
    said = _said(response)
    text = f'HTTP {status}' + (f': {said}' if said else '')
    if status == 401:
        return AccessDenied(f'MAAS did not let us in: {text}', status=status)
    if 300 <= status < 400:
        place = response.headers.get('Location', 'elsewhere')
        return Refused(f'MAAS is not at this address but at {place}', status=status)
    # A proxy speaks HTML. It knows nothing of machines: its 404 is no definite no.
    if said is None or status in NOT_NOW or status >= 500:
        return Unreachable(f'MAAS cannot answer now: {text}')
    if status == 403:
        return AccessDenied(f'this user of MAAS may not do it: {text}', status=status)
    if status == 404:
        return NotFound(f'MAAS has no such machine: {text}', status=status)
    return Refused(f'MAAS refused: {text}', status=status)


def _said(response: requests.Response) -> str | None:
    """MAAS's own words; None when somebody else answered."""
    if 'html' in response.headers.get('Content-Type', '').lower():
        return None
    return ' '.join(response.text.split())[:LONGEST]


if __name__ == '__main__':
    child.serve(answer)
