"""What comes before any route: a URL has to be text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from recovery.api.faults import Fault, text

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

LONGEST = 8192  #: bytes of path and query together
FIELDS = 200  #: parameters of a query


def refuse_malformed(inside: Application) -> Application:
    """400 for what no view should have to think of."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        complaint = _complaint(environ)
        if complaint is None:
            return inside(environ, start)
        start('400 Bad Request', [('Content-Type', 'application/json')])
        return [text(Fault(400, complaint)).encode()]

    return application


def _complaint(environ: dict[str, Any]) -> str | None:
    path = str(environ.get('PATH_INFO', '')).encode('latin-1', 'replace')
    query = str(environ.get('QUERY_STRING', '')).encode('latin-1', 'replace')
    if len(path) + len(query) > LONGEST:
        return f'The URL is longer than {LONGEST} bytes.'
    if query.count(b'&') >= FIELDS:
        return f'The query has more than {FIELDS} parameters.'
    # In a query a plus sign is a space; neither way of reading it makes other bytes invalid.
    for name, data in (('path', path), ('query', unquote_to_bytes(query))):
        if b'\0' in data:
            return f'The {name} of the URL has a character U+0000.'
        try:
            data.decode()
        except UnicodeDecodeError:
            return f'The {name} of the URL is not UTF-8.'
    return None
