"""Requests, answers and routes: as much HTTP as the faces need."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote

from drivers.simulated.errors import ApiError
from drivers.simulated.faults import Fault
from drivers.simulated.world import World

Environ = Mapping[str, Any]


@dataclass
class Answer:
    """What is sent back."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hold: float = 0.0  #: seconds for which the service keeps the caller waiting, after the act


@dataclass
class Call:
    """One HTTP request, as a face sees it."""

    world: World
    method: str
    path: str  #: below the prefix of the face
    base: str  #: scheme, address and prefix of the face, for links
    query: dict[str, list[str]]
    headers: Mapping[str, str]  #: by lower-case name
    body: Any
    args: tuple[str, ...] = ()
    version: tuple[int, int] = (0, 0)
    role: str = ''
    project: str = ''
    met: Mapping[str, Fault] = field(default_factory=dict)

    def one(self, name: str) -> str | None:
        """The last value of a query parameter."""
        values = self.query.get(name)
        return values[-1] if values else None

    def number(self, name: str) -> int | None:
        """A query parameter that must be a whole number."""
        text = self.one(name)
        if text is None:
            return None
        if not text.isdigit():
            raise ApiError(400, f'Invalid input for query parameters {name}: {text!r}')
        return int(text)


Handler = Callable[[Call], Answer]
Kind = Callable[[Call], str]
Subject = Callable[[World, tuple[str, ...]], str]


@dataclass(frozen=True)
class Route:
    """What answers which method and path, and how such a request is known to faults."""

    method: str
    path: re.Pattern[str]
    kind: str | Kind
    handle: Handler
    subject: Subject

    def kind_of(self, call: Call) -> str:
        return self.kind if isinstance(self.kind, str) else self.kind(call)


class Face:
    """One service. Subclasses list their routes, and may look at each call before it is handled."""

    prefix = ''

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def route(
        self,
        method: str,
        path: str,
        kind: str | Kind,
        handle: Handler,
        subject: Subject = lambda _world, _args: '',
    ) -> None:
        """Add a route; ``{}`` in the path stands for one segment."""
        pattern = re.compile('^' + path.replace('{}', '([^/]+)') + '/?$')
        self._routes.append(Route(method, pattern, kind, handle, subject))

    def find(self, call: Call) -> Route:
        """The route of a call; sets its arguments. Raises ApiError."""
        known = False
        for route in self._routes:
            match = route.path.match(call.path)
            if match is None:
                continue
            known = True
            if route.method == call.method:
                call.args = match.groups()
                return route
        raise ApiError(405 if known else 404, f'{call.method} {call.path} is not served')

    def prepare(self, call: Call, kind: str) -> None:
        """Check version and token. Raises ApiError."""

    def finish(self, call: Call, answer: Answer, number: int) -> None:
        """Add the headers that every answer has."""

    def refusal(self, error: ApiError) -> Answer:
        """The service's way of saying no."""
        return Answer({'error': {'code': error.status, 'message': error.message}}, error.status)


def read(environ: Environ, world: World) -> Call:
    """A Call from a WSGI environment, its path not yet shortened by a face's prefix."""
    headers = {
        name[5:].replace('_', '-').lower(): value
        for name, value in environ.items()
        if name.startswith('HTTP_')
    }
    length = int(environ.get('CONTENT_LENGTH') or 0)
    raw = environ['wsgi.input'].read(length) if length else b''
    body = _body(raw, headers.get('content-type', ''))
    host = environ.get('HTTP_HOST') or f'{environ["SERVER_NAME"]}:{environ["SERVER_PORT"]}'
    return Call(
        world=world,
        method=environ['REQUEST_METHOD'],
        path=environ.get('PATH_INFO', '/'),
        base=f'{environ.get("wsgi.url_scheme", "http")}://{host}',
        query=parse_qs(environ.get('QUERY_STRING', ''), keep_blank_values=True),
        headers=headers,
        body=body,
    )


def _body(raw: bytes, kind: str) -> Any:
    if kind.startswith('application/x-www-form-urlencoded'):
        return dict(parse_qsl(raw.decode(), keep_blank_values=True))
    try:
        return json.loads(raw) if raw else None
    except ValueError as error:
        raise ApiError(400, f'The body is no JSON: {error}') from error


def stamp(at: float | None, end: str = 'Z') -> str | None:
    """A time as OpenStack writes it; with ``end='.000000'`` as Nova's older resources do."""
    if at is None:
        return None
    moment = datetime.fromtimestamp(at, UTC)
    if end == '.000000':
        return moment.strftime('%Y-%m-%dT%H:%M:%S.%f')
    return moment.strftime('%Y-%m-%dT%H:%M:%S') + end


def moment(text: str) -> float:
    """The opposite of :func:`stamp`. Raises ApiError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ApiError(400, f'Invalid time: {text!r}') from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def page(
    call: Call, items: Iterable[dict[str, Any]], name: str, marker_key: str = 'id'
) -> dict[str, Any]:
    """One page of a list, with the link to the next one, as Nova does it."""
    rows = list(items)
    most = call.world.settings.page_limit
    limit = call.number('limit')
    limit = most if limit is None else min(limit, most)
    marker = call.one('marker')
    if marker is not None:
        places = [place for place, row in enumerate(rows) if row[marker_key] == marker]
        if not places:
            raise ApiError(400, f'marker [{marker}] not found')
        rows = rows[places[0] + 1 :]
    body: dict[str, Any] = {name: rows[:limit]}
    if 0 < limit < len(rows):
        query = [
            (key, value)
            for key, values in call.query.items()
            for value in values
            if key not in ('marker', 'limit')
        ]
        query += [('limit', str(limit)), ('marker', rows[limit - 1][marker_key])]
        text = '&'.join(f'{key}={quote(value)}' for key, value in query)
        body[f'{name}_links'] = [{'rel': 'next', 'href': f'{call.base}{call.path}?{text}'}]
    return body
