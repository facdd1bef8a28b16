"""Ironic's API with openstacksdk's sign-in: each request once, none longer than the call has."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from keystoneauth1 import exceptions as auth_errors
from keystoneauth1 import session as auth_session
from openstack import config as openstack_config
from openstack import exceptions as openstack_errors

from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable

SERVICE = 'baremetal'
MICROVERSION = '1.8'  #: names and ``fields``: every Ironic since 2015 has it

#: 4xx that say nothing about what was asked. 409 is a node that is locked while a conductor works
#: on it, which may be our own request: asking again, later, is useful.
LATER = {408, 409, 425, 429}


class Ironic:
    """One Ironic, for the time of one call."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        signed_in: str | None,
        left: Callable[[], float],
        mount: Callable[[requests.Session], None] | None,
    ) -> None:
        http = Bound(left)
        if mount is not None:
            mount(http)
        self._region = _region(settings, http)
        self._session = self._region.get_session()
        self._auth = self._session.auth
        if signed_in and hasattr(self._auth, 'set_auth_state'):
            self._auth.set_auth_state(signed_in)

    def signed_in(self) -> str | None:
        """What spares the next call its sign-in; a secret."""
        if not hasattr(self._auth, 'get_auth_state'):
            return None  # a standalone Ironic without Keystone
        state: str | None = self._auth.get_auth_state()
        return state

    def call(self, method: str, path: str, body: object | None = None) -> Any:
        """One request to ``/v1``, and its answer's JSON. Raises DriverError."""
        response = self._session.request(
            self._url() + path,
            method,
            json=body,
            headers={'Accept': 'application/json'},
            microversion=MICROVERSION,
            microversion_service_type=SERVICE,
            raise_exc=False,
            redirect=False,
            connect_retries=0,
            status_code_retries=0,
            log=False,
        )
        if not 200 <= response.status_code < 300:
            raise _of_status(response)
        if not response.content.strip():
            return None
        try:
            return response.json()
        except ValueError as error:
            raise Unreachable('Ironic answered with something that is not JSON') from error

    def _url(self) -> str:
        # No discovery: it would be one more question, and every answer to it has /v1.
        url = self._region.get_endpoint(SERVICE) or self._session.get_endpoint(
            service_type=SERVICE,
            interface=self._region.get_interface(SERVICE),
            region_name=self._region.get_region_name(SERVICE),
        )
        if not url:
            raise Refused('the catalogue of the cloud has no baremetal endpoint in this region')
        return f'{url.rstrip("/").removesuffix("/v1")}/v1'


class Bound(requests.Session):
    """Gives each request, those of keystoneauth too, the time that the call has left."""

    def __init__(self, left: Callable[[], float]) -> None:
        super().__init__()
        self._left = left

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        seconds = self._left()
        if seconds <= 0:
            raise Unreachable('no time left to send the request')
        return super().send(request, **options | {'timeout': seconds})


def _region(settings: Mapping[str, Any], http: requests.Session) -> Any:
    def session(**options: Any) -> auth_session.Session:
        return auth_session.Session(session=http, **options)

    file = settings.get('clouds_file')
    chosen = {'region_name': settings.get('region'), 'interface': settings.get('interface')}
    try:
        clouds = openstack_config.OpenStackConfig(
            config_files=[file] if file else None,
            # OS_CLIENT_CONFIG_FILE would be read before the file that was asked for.
            load_envvars=not file,
            session_constructor=session,  # type: ignore[arg-type]
            app_name='openstack-recovery',
        )
        return clouds.get_one(
            settings['address'], **{key: value for key, value in chosen.items() if value}
        )
    except (openstack_errors.ConfigException, auth_errors.ClientException, OSError) as error:
        name = settings['address']
        raise Refused(f'cannot use cloud {name!r} as clouds.yaml describes it: {error}') from error


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the libraries raise into what the contract allows."""
    try:
        yield
    except DriverError:
        raise
    except (auth_errors.Unauthorized, auth_errors.Forbidden) as error:
        raise AccessDenied(
            f'Keystone does not accept the credentials of this cloud: {error.message}',
            status=error.http_status,
        ) from error
    except auth_errors.EndpointNotFound as error:
        raise Refused(f'the catalogue of the cloud has no baremetal endpoint: {error}') from error
    except (auth_errors.ClientException, requests.RequestException, OSError) as error:
        raise Unreachable(f'Ironic cannot be reached: {error}') from error


def _of_status(response: requests.Response) -> DriverError:
    status = response.status_code
    request_id = response.headers.get('x-openstack-request-id')
    said = _said(response)
    text = f'HTTP {status}' + (f': {said}' if said else '')
    if status == 401:
        return AccessDenied(f'Ironic did not let us in: {text}', status=status)
    # A load balancer speaks HTML. It knows nothing of nodes: its 404 is no definite no.
    if said is None or status in LATER or not 400 <= status < 500:
        return Unreachable(f'Ironic cannot do it now: {text}', request_id=request_id)
    if status == 403:
        return AccessDenied(f'this user may not do it: {text}', status=status)
    kind = NotFound if status == 404 else Refused
    return kind(f'Ironic refused: {text}', status=status, request_id=request_id)


def _said(response: requests.Response) -> str | None:
    """Ironic's own words; None when no service of OpenStack wrote them."""
    try:
        document = response.json()
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    said = document.get('error_message', document.get('error'))
    if isinstance(said, str):  # older ones put JSON into a string
        try:
            said = json.loads(said)
        except ValueError:
            return said
    if isinstance(said, dict):
        return str(said.get('faultstring') or said.get('message') or '')
    return ''
