"""Signatures that were accepted: a recorded message is not taken a second time."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db.tables import nonce as table


def known(connection: sa.Connection, source: str, digest: str) -> bool:
    """Whether this signature was accepted before."""
    query = sa.select(table.c.at).where(table.c.source == source, table.c.digest == digest)
    return connection.execute(query).first() is not None


def add(connection: sa.Connection, source: str, digest: str, at: float) -> None:
    """Remember one.

    :param at: the time that it is about, seconds since 1970 UTC.
    :raises sqlalchemy.exc.IntegrityError: somebody else has at this very moment.
    """
    connection.execute(sa.insert(table).values(source=source, digest=digest, at=at))


def forget(connection: sa.Connection, before: float) -> int:
    """Those about earlier times are refused for their age alone. Returns how many there were."""
    return int(connection.execute(sa.delete(table).where(table.c.at < before)).rowcount)
