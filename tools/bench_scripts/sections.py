"""Parts of doc/benchmarks.md that are measured by themselves: the rest is written around them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

NAMES = ('posts', 'load')  #: in the order in which the page has them


def kept(page: Path) -> list[str]:
    """The lines of all of them, as the page has them."""
    text = page.read_text() if page.exists() else ''
    return [line for name in NAMES for line in _found(text, name)]


def put(page: Path, name: str, lines: Sequence[str]) -> None:
    """Write one of them, in the place of what the page has; the rest of it stays."""
    text = page.read_text() if page.exists() else ''
    there = {one: _found(text, one) for one in NAMES}
    rest = text
    for found in there.values():
        rest = rest.replace('\n'.join(found), '') if found else rest
    there[name] = ['', _begin(name), *lines, _end(name)]
    parts = [line for one in NAMES for line in there[one]]
    page.write_text('\n'.join([rest.rstrip('\n'), *parts]) + '\n')


def _found(text: str, name: str) -> list[str]:
    if _begin(name) not in text or _end(name) not in text:
        return []
    inner = text.split(_begin(name), 1)[1].split(_end(name), 1)[0]
    return ['', _begin(name), *inner.strip('\n').splitlines(), _end(name)]


def _begin(name: str) -> str:
    return f'<!-- {name}: measured by itself -->'


def _end(name: str) -> str:
    return f'<!-- end of {name} -->'
