"""limit, marker, sort_key and sort_dir, as Masakari's lists have them."""

from __future__ import annotations

from collections.abc import Collection

import flask

from recovery.api.faults import Fault
from recovery.db.pages import KEY, Page

TIES = ('created_at', KEY)  #: the usual order, newest first, and what decides between equals


def page(keys: Collection[str], *, most: int, ties: tuple[str, ...] = TIES) -> Page:
    """What the query of this request asks for.

    :param keys: that may be sorted by.
    :param most: rows that one page has at most; see [api] max_limit.
    :param ties: keys that are added in the direction of the first one; the last is unique.
    :raises Fault: 400.
    """
    arguments = flask.request.args
    limit = number('limit', most=None)
    return Page(
        limit=most if limit is None else min(limit, most),
        marker=number('marker', least=-(2**63), most=2**63 - 1),
        order=_order(arguments.getlist('sort_key'), arguments.getlist('sort_dir'), keys, ties),
    )


def number(name: str, *, least: int = 0, most: int | None = None) -> int | None:
    """A whole number of the query; None: it is not given. Raises Fault (400)."""
    given = flask.request.args.get(name)
    if given is None:
        return None
    digits = given.strip().removeprefix('+')
    plain = digits.removeprefix('-')
    if not (plain.isascii() and plain.isdigit()):
        raise Fault(400, f'{name} has to be a whole number, not {given[:60]!r}.')
    # Python refuses to read a number of some thousand digits, and nobody means one.
    value = int(digits) if len(digits) <= 20 else (-(2**64) if digits[0] == '-' else 2**64)
    if value < least:
        raise Fault(400, f'{name} has to be {least} or more.')
    if most is not None and value > most:
        raise Fault(400, f'{name} has to be {most} or less.')
    return value


def _order(
    wanted: list[str], directions: list[str], keys: Collection[str], ties: tuple[str, ...]
) -> tuple[tuple[str, bool], ...]:
    for key in wanted:
        if key not in keys:
            raise Fault(400, f'sort_key {key[:60]!r} is none of {", ".join(sorted(keys))}.')
    for direction in directions:
        if direction not in ('asc', 'desc'):
            raise Fault(400, f'sort_dir has to be asc or desc, not {direction[:60]!r}.')
    if len(directions) > max(len(wanted), 1):
        raise Fault(400, 'There are more of sort_dir than of sort_key.')
    falls = not directions or directions[0] == 'desc'
    named = wanted or list(ties[:1])
    found: dict[str, bool] = {}
    for place, key in enumerate(named):
        found.setdefault(key, directions[place] == 'desc' if place < len(directions) else falls)
    for key in ties:
        found.setdefault(key, falls)
    return tuple(found.items())
