"""Puts the application inside the client: real client libraries, no network, any clock."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from drivers.contracts.clock import Clock
from drivers.simulated.app import CALLER, App
from drivers.simulated.bmc import patient
from drivers.simulated.errors import ClientGone, Dropped
from drivers.simulated.pipeline import FOR_EVER

#: Where the application is mounted; clouds.yaml names ``http://simulated/identity``.
URL = 'http://simulated'


class InProcess(BaseAdapter):
    """Answers requests by calling the application, and keeps to their time-outs on its clock."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self._app = app

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        caller = patient(self._app.world, _seconds(timeout))
        try:
            response = self._ask(request, caller)
        except ClientGone as error:
            raise requests.ReadTimeout(str(error), request=request) from error
        except Dropped as error:
            raise requests.ConnectionError(
                'Connection aborted: remote end closed it without an answer', request=request
            ) from error
        for run in caller.after:
            run()
        return response

    def _ask(self, request: requests.PreparedRequest, caller: Any) -> requests.Response:
        response = requests.Response()

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            code, _, reason = status.partition(' ')
            response.status_code, response.reason = int(code), reason
            response.headers = CaseInsensitiveDict(headers)

        parts: Iterable[bytes] = self._app(_environ(request, caller), start)
        response._content = b''.join(parts)
        response.encoding = 'utf-8'
        response.request, response.url = request, request.url or ''
        return response

    def close(self) -> None:
        """Nothing is open."""


def mount(session: requests.Session, app: App, clock: Clock | None = None) -> None:
    """Let every request of the session be answered by the application, whatever its address.

    :param clock: must be the world's own, where it is given: time-outs are counted on it.
    """
    if clock is not None and clock is not app.world.clock:
        raise ValueError("the session must count its time-outs on the world's own clock")
    adapter = InProcess(app)
    session.trust_env = False
    for scheme in ('http://', 'https://'):
        session.mount(scheme, adapter)


def _seconds(timeout: Any) -> float:
    """The patience that a time-out of requests, in any of its forms, stands for."""
    if isinstance(timeout, tuple):
        timeout = timeout[1]
    total = getattr(timeout, 'total', None)
    if total is not None:
        timeout = total
    return float(timeout) if isinstance(timeout, int | float) else FOR_EVER


def _environ(request: requests.PreparedRequest, caller: Any) -> dict[str, Any]:
    url = urlsplit(request.url or '')
    body = request.body or b''
    raw = body.encode() if isinstance(body, str) else bytes(body)
    environ: dict[str, Any] = {
        'REQUEST_METHOD': request.method,
        'PATH_INFO': unquote(url.path),
        'QUERY_STRING': url.query,
        'SERVER_NAME': url.hostname,
        'SERVER_PORT': str(url.port or 80),
        'HTTP_HOST': url.netloc,
        'CONTENT_LENGTH': str(len(raw)),
        'wsgi.url_scheme': url.scheme,
        'wsgi.input': io.BytesIO(raw),
        CALLER: caller,
    }
    for name, value in request.headers.items():
        environ[f'HTTP_{name.upper().replace("-", "_")}'] = value
    return environ
