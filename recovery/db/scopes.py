"""Scopes: what a switch or a window covers: the cloud, a segment, or one host."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db.tables import host as table

CLOUD = 'cloud'


def host(name: str) -> str:
    """The scope of one host."""
    return f'host:{name}'


def segment(name: str) -> str:
    """The scope of a segment."""
    return f'segment:{name}'


def covering(connection: sa.Connection, name: str) -> tuple[str, ...]:
    """Every scope that covers a host, the widest first."""
    query = sa.select(table.c.segment).where(table.c.name == name)
    found = connection.execute(query).scalar()
    middle = (segment(found),) if found else ()
    return (CLOUD, *middle, host(name))


def words(scope: str) -> str:
    """As a sentence names it: 'the service', 'segment rack-1', 'host compute-01'."""
    return 'the service' if scope == CLOUD else scope.replace(':', ' ', 1)


def flags(scope: str) -> str:
    """As a command names it, with a space before: ' --host compute-01'; '' for the cloud."""
    if scope == CLOUD:
        return ''
    kind, _, name = scope.partition(':')
    return f' --{kind} {name}'
