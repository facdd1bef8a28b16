"""URLs that are no text are turned away before any view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recovery.api import paths


def ask(path: bytes, query: str = '') -> tuple[str, bytes]:
    """What is answered to these very bytes; werkzeug's client would correct them."""
    said: list[str] = []

    def start(status: str, *_more: Any) -> None:
        said.append(status)

    def inside(_environ: dict[str, Any], begin: Callable[..., Any]) -> list[bytes]:
        begin('200 OK', [])
        return [b'']

    environ = {'PATH_INFO': path.decode('latin-1'), 'QUERY_STRING': query}
    parts = paths.refuse_malformed(inside)(environ, start)
    return said[0], b''.join(parts)


@pytest.mark.parametrize(
    ('path', 'query', 'words'),
    [
        (b'/v1/\xff', '', b'The path of the URL is not UTF-8.'),
        (b'/v1/a\0', '', b'The path of the URL has a character U+0000.'),
        (b'/v1', 'a=%ff', b'The query of the URL is not UTF-8.'),
        (b'/v1', 'a=%00', b'The query of the URL has a character U+0000.'),
        (b'/v1', '%00', b'The query of the URL has a character U+0000.'),
        (b'/v1', 'a=1&' * 300, b'more than 200 parameters'),
        (b'/v1', 'a' * 9000, b'longer than 8192 bytes'),
    ],
)
def test_they_are_400_with_a_reason(path: bytes, query: str, words: bytes) -> None:
    status, said = ask(path, query)
    assert status == '400 Bad Request'
    assert words in said


def test_text_of_any_language_passes() -> None:
    assert ask('/v1/ä'.encode(), 'name=%C3%A4+x&y=%25')[0] == '200 OK'
