"""Where an instance is, and what its host is under."""

from __future__ import annotations

import sqlalchemy as sa

from drivers.contracts.compute import ComputeDriver, Instance
from drivers.contracts.errors import NotFound
from recovery.db import recoveries
from recovery.intake.looks import Looks
from recovery.policy.inputs import Live, Missing
from recovery.site import Site


def instance(site: Site, nova: ComputeDriver | Looks, identifier: str) -> Instance | None:
    """The instance. None: Nova says for certain that there is none. Raises DriverError."""
    try:
        return nova.instance(identifier, timeout=site.conf.compute.read_seconds)
    except NotFound:
        return None


def place(
    kind: str, subject: str, row: sa.RowMapping | None, found: Instance | Missing | None
) -> str:
    """The host that is meant: of an instance where it was when its recovery began, or else is now.

    '' while nobody could say where it is.
    """
    if row is not None:
        return str(row['host'])
    if not recoveries.of_instances(kind):
        return subject
    return (found.host or '') if isinstance(found, Instance) else ''


def above(connection: sa.Connection, kind: str, host: str) -> Live | None:
    """The live recovery, held ones included, of the host of an instance."""
    row = recoveries.above(connection, kind, host, held=True)
    return None if row is None else Live(row['id'], row['kind'], row['state'], bool(row['undoing']))
