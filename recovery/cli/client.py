"""Requests to our API, with a session of Keystone as every client of OpenStack has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from drivers.contracts.errors import Unreachable
from recovery.cli.exits import ApiAway, UsageError
from recovery.cli.people import who
from recovery.operate.refusal import Refusal
from recovery.view.ids import Unknown

PATH = '/recovery/v1'
TYPES = ('recovery', 'instance-ha')  #: of services in the catalogue, the first that is there
SECONDS = 120.0  #: that an answer may take: a plan asks Nova and every device of a host
VARIABLES = ('OS_CLOUD', 'OS_AUTH_URL')  #: who sets one of them has credentials


class Session(Protocol):
    """What a session of keystoneauth does for us."""

    def request(self, url: str, method: str, **more: Any) -> Any: ...


class Client:
    """Requests, their good answers, and errors as those of the commands.

    :param url: of the native API.
    :param headers: sent with each request.
    """

    def __init__(self, session: Session, url: str, headers: Mapping[str, str]) -> None:
        self._session = session
        self._url = url.rstrip('/')
        self._headers = dict(headers)

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """JSON or text. Raises Refusal, Unknown, UsageError, Unreachable, ApiAway."""
        return self._ask(path, 'GET', params=dict(query or {}))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """JSON. Raises Refusal, Unknown, UsageError, Unreachable, ApiAway."""
        found: dict[str, Any] = self._ask(path, 'POST', json=dict(body))
        return found

    def _ask(self, path: str, method: str, **more: Any) -> Any:
        from keystoneauth1 import exceptions

        try:
            answer = self._session.request(
                self._url + path,
                method,
                headers=self._headers,
                raise_exc=False,
                timeout=SECONDS,
                **more,
            )
        except exceptions.ClientException as error:
            raise ApiAway(f'the API at {self._url} does not answer: {_cause(error)}') from error
        kind = answer.headers.get('Content-Type', '')
        found = _json(answer) if kind.startswith('application/json') else answer.text
        if answer.status_code >= 300:
            raise _error(answer.status_code, found, self._url)
        return found


def _json(answer: Any) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise ApiAway(f'an answer of the API is no JSON: {error}') from error


def _cause(error: BaseException) -> str:
    """What is at the bottom of it; what is above repeats the whole URL at each level."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__


def _error(status: int, found: Any, url: str) -> Exception:
    """What a command raises for the same reason."""
    inner = next(iter(found.values()), None) if isinstance(found, dict) else None
    if not isinstance(inner, dict) or 'message' not in inner:
        return ApiAway(f'{url} answered {status}, and not as our API does: is it another one?')
    said, verb = str(inner['message']), str(inner.get('verb', ''))
    if status == 404 and not verb:
        return Unknown(said)
    if status in (401, 403, 404, 409):
        return Refusal(said, verb)
    if status in (429, 500) or status > 500:
        return Unreachable(said)
    return UsageError(said)


def connect(cloud: str | None, url: str | None, environment: Mapping[str, str]) -> Client:
    """A client of the API of a cloud.

    :param cloud: in clouds.yaml.
    :param url: of the API, with or without /recovery/v1; None: as the catalogue says.
    :raises UsageError: there is no such cloud, or its catalogue has no such service.
    """
    if url is not None and not url.startswith(('http://', 'https://')):
        raise UsageError(f'RECOVERY_API is {url!r}: a URL such as http://127.0.0.1:15868 is wanted')
    if cloud is None and not any(environment.get(name) for name in VARIABLES):
        from keystoneauth1.session import Session as Plain

        assert url is not None
        # An API without authentication takes the name of its caller from there.
        return Client(Plain(), _whole(url), {'X-Auth-Token': who()})
    session, region, interface = _session(cloud)
    found = url or _catalogue(session, region, interface)
    return Client(session, _whole(found), {})


def _session(cloud: str | None) -> tuple[Any, str | None, str | list[str]]:
    import openstack.config
    from openstack.exceptions import ConfigException

    try:
        config = openstack.config.OpenStackConfig().get_one(cloud=cloud)
        session = config.get_session()
    except ConfigException as error:
        raise UsageError(f'--os-cloud {cloud or ""}: {error}') from error
    return session, config.get_region_name(), config.get_interface() or 'public'


def _catalogue(session: Any, region: str | None, interface: str | list[str]) -> str:
    from keystoneauth1 import exceptions

    for kind in TYPES:
        try:
            found = session.get_endpoint(service_type=kind, region_name=region, interface=interface)
        except exceptions.EndpointNotFound:
            continue
        except exceptions.ClientException as error:
            raise UsageError(f'Keystone: {error}') from error
        if found:
            return str(found)
    raise UsageError(
        f'the catalogue has no {interface} endpoint of type {" or ".join(TYPES)}: register one, '
        'or give the URL in RECOVERY_API'
    )


def _whole(url: str) -> str:
    """The URL of the native API: beside that of Masakari's, whose path ends with /v1 and maybe a
    project."""
    root = url.rstrip('/')
    if root.endswith(PATH):
        return root
    head, mark, tail = root.rpartition('/v1')
    if mark and '/' not in tail.removeprefix('/'):
        root = head
    return root + PATH
