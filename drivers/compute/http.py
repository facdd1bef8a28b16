"""Asking Nova and Placement over HTTP: one token, one attempt, one deadline for all of it."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from keystoneauth1 import exceptions as auth_errors
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3 import exceptions as urllib3_errors
from urllib3.util import Timeout

from drivers.compute import answers, clouds
from drivers.contracts.clock import Clock
from drivers.contracts.errors import AccessDenied, Refused, Unreachable

LOG = logging.getLogger(__name__)

NAMES = {'compute': 'Nova', 'placement': 'Placement'}
CHUNK = 65536  #: bytes of an answer read between two looks at the clock

Mount = Callable[[requests.Session], None]


class Deadline:
    """When a driver call must have ended, whatever it is made of."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock = clock
        self.seconds = seconds
        self.until = clock.elapsed() + seconds  #: on the clock's elapsed time

    def left(self) -> float:
        """Seconds left. Raises Unreachable when there are none."""
        left = self.until - self.clock.elapsed()
        if left <= 0:
            raise Unreachable(f'no answer within {self.seconds:g} s')
        return left


class BoundSession(requests.Session):
    """Gives each request of a thread the time that its driver call has left.

    keystoneauth asks for tokens and versions by itself and takes no timeout for that.
    """

    def __init__(self, pool_size: int) -> None:
        super().__init__()
        # requests would read proxies and .netrc from the environment for each request anew, which
        # costs as much as the request. A .netrc has no business here.
        self.trust_env = False
        self._bundle = os.environ.get('REQUESTS_CA_BUNDLE') or os.environ.get('CURL_CA_BUNDLE')
        self._proxies: dict[str, dict[str, str]] = {}
        pool = HTTPAdapter(pool_connections=4, pool_maxsize=pool_size, max_retries=0)
        self.mount('http://', pool)
        self.mount('https://', pool)
        self._bound = threading.local()

    @contextlib.contextmanager
    def bound(self, deadline: Deadline) -> Iterator[None]:
        self._bound.deadline = deadline
        try:
            yield
        finally:
            self._bound.deadline = None

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Proxies and authorities of the environment, read once for each place."""
        if verify is True and self._bundle:
            verify = self._bundle
        place = urlsplit(str(url)).netloc
        if place not in self._proxies:
            self._proxies[place] = get_environ_proxies(str(url))
        proxies = {**self._proxies[place], **(proxies or {})}
        return super().merge_environment_settings(url, proxies, stream, verify, cert)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        deadline: Deadline | None = getattr(self._bound, 'deadline', None)
        if deadline is None:
            return super().send(request, **kwargs)
        left = deadline.left()
        real = isinstance(self.get_adapter(request.url or ''), HTTPAdapter)
        # A plain number would count for connecting and for each read anew.
        kwargs |= {'timeout': Timeout(total=left) if real else left, 'stream': True}
        response = super().send(request, **kwargs)
        if hasattr(response.raw, 'read1'):
            response._content = _read(response, deadline)
        return response


class Gate:
    """One thread at a time, waited for on the clock and never past a deadline.

    A lock would not do: on a virtual clock its holder may be waiting for time to pass.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: threading.Event | None = None

    @contextlib.contextmanager
    def entered(self, deadline: Deadline) -> Iterator[None]:
        mine = threading.Event()
        while True:
            with self._lock:
                other = self._busy
                if other is None:
                    self._busy = mine
                    break
            deadline.clock.wait(other, deadline.left())
        try:
            yield
        finally:
            with self._lock:
                self._busy = None
            mine.set()


@dataclass(frozen=True)
class Endpoint:
    """Where a service answers and which microversions it speaks."""

    url: str
    lowest: tuple[int, int]
    highest: tuple[int, int]


@dataclass(frozen=True)
class Answer:
    """What a service said to a request that it carried out."""

    body: Any
    request_id: str | None


class Cloud:
    """One region of one cloud of clouds.yaml. Signs in at the first call; safe for threads."""

    def __init__(
        self,
        *,
        cloud: str | None,
        region: str | None,
        interface: str | None,
        client_config_file: str | None,
        pool_size: int,
        mount: Mount | None,
    ) -> None:
        self._http = BoundSession(pool_size)
        if mount is not None:
            mount(self._http)
        self._connection = clouds.connection(
            cloud, region, interface, client_config_file, http=self._http
        )
        self._gate = Gate()
        self._token: Mapping[str, str] | None = None
        self._endpoints: dict[str, Endpoint] = {}

    def endpoint(self, service: str, deadline: Deadline) -> Endpoint:
        """Where the service answers; asked once per process."""
        found = self._endpoints.get(service)
        if found is None:
            with self._gate.entered(deadline), self._explained(service, deadline):
                found = self._endpoints.get(service) or self._discover(service)
                self._endpoints[service] = found
        return found

    def call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        microversion: str,
        deadline: Deadline,
        body: object | None = None,
    ) -> Answer:
        """One request, sent once; twice only if its token had expired."""
        url = self.endpoint(service, deadline).url + path
        stale: Mapping[str, str] | None = None
        while True:
            token = self._signed_in(service, deadline, stale)
            with self._explained(service, deadline):
                response = self._connection.session.request(
                    url,
                    method,
                    json=body,
                    headers={**token, 'Accept': 'application/json'},
                    microversion=microversion,
                    microversion_service_type=service,
                    authenticated=False,
                    raise_exc=False,
                    redirect=False,
                    connect_retries=0,
                    log=False,  # bodies carry the passwords of rebuilt instances
                )
            if response.status_code == 401 and stale is None:
                stale = token
                continue
            return self._settled(service, f'{method} {path}', response)

    def _settled(self, service: str, asked: str, response: requests.Response) -> Answer:
        request_id = response.headers.get('x-openstack-request-id')
        LOG.debug('%s: %s: %d, %s', NAMES[service], asked, response.status_code, request_id)
        if response.status_code == 406:
            # An older Nova has come back, or several versions stand behind one address.
            self._endpoints.pop(service, None)
        content = response.content
        error = answers.error(NAMES[service], asked, response.status_code, content, request_id)
        if error is not None:
            raise error
        return Answer(answers.decoded(NAMES[service], asked, content, request_id), request_id)

    def _signed_in(
        self, service: str, deadline: Deadline, stale: Mapping[str, str] | None
    ) -> Mapping[str, str]:
        token = self._token
        if token is not None and token is not stale:
            return token
        with self._gate.entered(deadline), self._explained(service, deadline):
            if self._token is None or self._token is stale:
                if stale is not None:
                    self._connection.session.invalidate()
                self._token = self._connection.session.get_auth_headers() or {}
            return self._token

    def _discover(self, service: str) -> Endpoint:
        session = self._connection.session
        for holder in (session, session.auth):  # keystoneauth never forgets by itself
            holder._discovery_cache.clear()
        data = self._connection.config.get_session_client(service).get_endpoint_data()
        if data is None:
            raise Refused(f'the catalogue of the cloud has no {service} endpoint in this region')
        if data.max_microversion is None:
            raise Unreachable(f'{NAMES[service]} does not say which microversions it speaks')
        return Endpoint(
            url=data.url.rstrip('/'),
            lowest=_pair(data.min_microversion),
            highest=_pair(data.max_microversion),
        )

    @contextlib.contextmanager
    def _explained(self, service: str, deadline: Deadline) -> Iterator[None]:
        name = NAMES[service]
        try:
            with self._http.bound(deadline):
                yield
        except (auth_errors.Unauthorized, auth_errors.Forbidden) as error:
            raise AccessDenied(
                f'Keystone does not accept the credentials of this cloud: {error.message}',
                status=error.http_status,
                request_id=error.request_id,
            ) from error
        except auth_errors.EndpointNotFound as error:
            raise Refused(
                f'the catalogue has no endpoint of {name} in this region and interface: {error}'
            ) from error
        except (
            auth_errors.ClientException,  # of keystoneauth: connection, discovery, Keystone's 5xx
            requests.RequestException,
            urllib3_errors.HTTPError,
            OSError,
        ) as error:
            raise Unreachable(f'{name} cannot be reached: {error}') from error


def _pair(version: Any) -> tuple[int, int]:
    return (int(version[0]), int(version[1])) if version else (0, 0)


def _read(response: requests.Response, deadline: Deadline) -> bytes:
    """The body, however slowly it drips."""
    parts: list[bytes] = []
    with contextlib.closing(response):
        while True:
            socket = getattr(getattr(response.raw, 'connection', None), 'sock', None)
            if socket is not None:
                socket.settimeout(deadline.left())
            part: bytes = response.raw.read1(CHUNK, decode_content=True)
            if not part:
                return b''.join(parts)
            deadline.left()
            parts.append(part)
