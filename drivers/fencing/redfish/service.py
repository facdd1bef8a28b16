"""What is said to a Redfish service, by sushy, and what its answers mean.

Run as a module it is the process of one call: one question, one answer.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
import sushy
from sushy import exceptions
from sushy.auth import BasicAuth
from sushy.connector import Connector
from sushy.resources.system.system import System

from drivers import child
from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable

SYSTEMS = '/redfish/v1/Systems/'
CONNECT_SECONDS = 5.0  # a BMC that takes longer to accept a connection is not there
RESET = {
    'power_off': (sushy.RESET_TYPE_FORCE_OFF, 'Off'),
    'power_on': (sushy.RESET_TYPE_ON, 'On'),
}
NOT_NOW = {408, 425, 429}
NO_IDENTITY = {
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
    """Find the system and do the one operation.

    :param question: ``operation``, ``settings``, and ``path`` of the system where it is known.
    :param left: seconds until the answer is too late.
    """
    with translated():
        connector = OneTry(question['settings'], left, mount)
        path = question['path'] or _find(connector, question['settings'])
        system = System(connector, path)
        found: dict[str, Any] = {'path': path}
        if question['operation'] == 'power_state':
            found['power'] = system.json.get('PowerState')
        elif question['operation'] == 'identity':
            found['identity'] = _identity(system)
        else:
            _reset(system, *RESET[question['operation']])
        return found


class OneTry(Connector):
    """Sends each request once, and waits no longer than the call has left.

    Left to itself sushy sends a power-off again when the connection breaks, up to ten times,
    and on some vendors' errors.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        left: Callable[[], float],
        mount: Callable[[requests.Session], None] | None,
    ) -> None:
        super().__init__(
            settings['address'],
            verify=settings.get('verify', True),
            server_side_retries=1,  # 1 is "once"; sushy takes 0 for "the default"
            connect_timeout=CONNECT_SECONDS,
        )
        self._left = left
        self.set_http_basic_auth(settings['username'], settings['password'])
        if mount is not None:
            mount(self._session)

    def _op(self, method: str, path: str = '', **options: Any) -> requests.Response:
        left = self._left()
        if left <= 0:
            raise Unreachable('no time left to send the request')
        self._connect_timeout = min(CONNECT_SECONDS, left)
        options |= {'timeout': left, 'server_side_retries_left': 0}
        response: requests.Response = super()._op(method, path, **options)
        return response


@contextmanager
def translated() -> Iterator[None]:
    """Turn what sushy raises into what the contract allows."""
    try:
        yield
    except exceptions.HTTPError as error:
        raise _of_status(error) from error
    except (
        exceptions.InvalidParameterValueError,
        exceptions.MissingActionError,
        exceptions.MissingAttributeError,
    ) as error:
        raise Refused(f'the service cannot do this: {error}') from error
    except json.JSONDecodeError as error:
        raise Unreachable(f'an answer that is not JSON: {error}') from error
    except DriverError:
        raise
    except Exception as error:
        # JSON of another shape than Redfish's ends anywhere in sushy, in any exception.
        raise Unreachable(f'no usable answer: {_innermost(error)}') from error


def _innermost(error: BaseException) -> str:
    """What really happened, below what four libraries made of it."""
    inner: Any = error
    while isinstance(inner, BaseException):
        error = inner
        first = inner.args[0] if inner.args else None
        wrapped = first if isinstance(first, BaseException) else None
        inner = getattr(inner, 'reason', None) or wrapped or inner.__cause__ or inner.__context__
    if isinstance(error, ssl.SSLError):
        return f'{error.reason}; "verify" says which certificates are trusted'
    return str(error) or type(error).__name__


def _of_status(error: exceptions.HTTPError) -> Exception:
    status = error.status_code
    text = f'HTTP {status}: {error.detail or error.code}'
    if isinstance(error, exceptions.AccessError):
        return AccessDenied(f'the service did not let us in: {text}', status=status)
    if isinstance(error, exceptions.ResourceNotFoundError):
        return NotFound(f'the service has no such thing: {text}', status=status)
    if status >= 500 or status in NOT_NOW:
        return Unreachable(f'the service cannot answer now: {text}')
    return Refused(f'the service refused: {text}', status=status)


def _find(connector: Connector, settings: Mapping[str, Any]) -> str:
    wanted = settings.get('system')
    if wanted:
        return str(wanted) if wanted.startswith('/') else SYSTEMS + wanted
    auth = BasicAuth(settings['username'], settings['password'])
    root = sushy.Sushy(settings['address'], auth=auth, connector=connector)
    paths = root.get_system_collection().members_identities
    if len(paths) != 1:
        names = ', '.join(path.rstrip('/').rsplit('/', 1)[-1] for path in paths[:8])
        raise Refused(
            f'the service has {len(paths)} systems, not one; set "system" to the one that is '
            f'this host ({names})'
        )
    return str(paths[0])


def _reset(system: System, kind: sushy.ResetType, wanted: str) -> None:
    try:
        with translated():
            system.reset_system(kind)
    except AccessDenied:
        raise
    except Refused:
        # Many services refuse to switch off what is off. Only a fresh reading excuses that.
        system.refresh(force=True)
        if system.json.get('PowerState') != wanted:
            raise


def _identity(system: System) -> str | None:
    for value in (system.uuid, system.serial_number):
        if isinstance(value, str) and value.strip().lower() not in NO_IDENTITY:
            return value.strip()
    return None


if __name__ == '__main__':
    child.serve(answer)
