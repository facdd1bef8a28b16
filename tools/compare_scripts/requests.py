"""The requests of requests.yaml: what is asked, of both alike.

An entry is one request: ``name``, ``call`` (method and path), and what it needs of ``body``,
``raw`` (a body as it is), ``headers``, ``as`` (who asks; ``nobody``, ``liar``), ``version`` (of the
API), ``save`` (name: where in the answer), ``each`` (the request once for each of these values, as
``{each}``). ``{NAME}`` is what was saved, or a time: ``{now}``, ``{now-60}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name('requests.yaml')
ROWS = 'ROWS'  #: no request: a method that puts rows into the database, see rows.py
_PLACE = re.compile(r'\{([A-Za-z]\w*(?:[+-]\d+)?)\}')


@dataclass(frozen=True)
class Request:
    """One, still with the names of what others have saved."""

    name: str
    method: str
    path: str
    body: Any = None
    raw: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    caller: str = 'admin'
    version: str | None = None
    save: Mapping[str, str] = field(default_factory=dict)


def load() -> list[Request]:
    """All, in their order. Raises ValueError when two have the same name."""
    found = [one for entry in yaml.safe_load(FILE.read_text()) for one in _expanded(entry)]
    names = [one.name for one in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f'{FILE.name}: two requests are called {", ".join(sorted(twice))}')
    return found


def _expanded(entry: dict[str, Any]) -> Iterator[Request]:
    method, _, path = entry['call'].partition(' ')
    one = Request(
        entry['name'], method, path, entry.get('body'), entry.get('raw'),
        entry.get('headers', {}), entry.get('as', 'admin'), entry.get('version'),
        entry.get('save', {}),
    )  # fmt: skip
    if 'each' not in entry:
        yield one
        return
    for number, value in enumerate(entry['each'], 1):
        yield replace(_filled(one, {'each': value}), name=f'{one.name}-{number}')


def resolve(one: Request, saved: Mapping[str, Any]) -> Request:
    """The request with what was saved in the place of names."""
    return _filled(one, saved)


def times(now: datetime) -> Iterator[tuple[str, str]]:
    """What ``{now}`` and its like stand for."""
    for text in set(re.findall(r'now(?:[+-]\d+)?', FILE.read_text())):
        at = now + timedelta(seconds=int(text[3:] or '0'))
        yield text, at.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()


def _filled(one: Request, values: Mapping[str, Any]) -> Request:
    return replace(
        one,
        method=_fill(one.method, values),
        path=_fill(one.path, values),
        body=_fill(one.body, values),
        raw=_fill(one.raw, values),
        headers=_fill(one.headers, values),
        version=_fill(one.version, values),
        caller=_fill(one.caller, values),
    )


def _fill(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        whole = _PLACE.fullmatch(value)
        if whole and whole[1] in values:
            return values[whole[1]]
        return _PLACE.sub(lambda found: str(values.get(found[1], found[0])), value)
    if isinstance(value, Mapping):
        return {_fill(key, values): _fill(one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [_fill(one, values) for one in value]
    return value
