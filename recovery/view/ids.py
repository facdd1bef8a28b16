"""From what an operator typed to one recovery."""

from __future__ import annotations

import re

import sqlalchemy as sa

from recovery.db import tables

SHORT = 8  # characters of an identifier that are shown where people read
_PREFIX = re.compile(r'[0-9a-f-]{1,36}')
_SHOWN = 5


class Unknown(LookupError):
    """There is no such thing, or more than one. The message says which."""


class Ambiguous(Unknown):
    """There is more than one."""


def short(identifier: str) -> str:
    """An identifier as people see it."""
    return identifier[:SHORT]


def find(connection: sa.Connection, given: str) -> str:
    """The id of the one recovery that ``given`` begins.

    :raises Unknown: none, or several.
    """
    return _find(connection, tables.recovery, given, 'recovery', 'recovery list')


def find_alarm(connection: sa.Connection, given: str) -> str:
    """The id of the one alarm that ``given`` begins. Raises Unknown."""
    return _find(connection, tables.alarm, given, 'alarm', 'recovery alarm list')


def _find(connection: sa.Connection, table: sa.Table, given: str, noun: str, listing: str) -> str:
    prefix = given.strip().lower()
    found: list[str] = []
    if _PREFIX.fullmatch(prefix):  # which also keeps % and _ out of LIKE
        column = table.c.id
        query = sa.select(column).where(column.like(f'{prefix}%')).order_by(column)
        found = list(connection.execute(query.limit(_SHOWN + 1)).scalars())
    if not found:
        raise Unknown(f'there is no {noun} {given!r}; "{listing} --all" shows all there are')
    if len(found) > 1:
        names = ', '.join(found[:_SHOWN]) + (', ...' if len(found) > _SHOWN else '')
        raise Ambiguous(f'{given!r} is the beginning of several: {names}; give more of it')
    return found[0]
