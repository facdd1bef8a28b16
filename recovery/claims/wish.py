"""What an operator asks of the owner of a recovery: that it end."""

from __future__ import annotations

import sqlalchemy as sa

from flows.stop import Cancelled
from recovery.db.tables import recovery as table


def wish(connection: sa.Connection, recovery_id: str) -> Cancelled | None:
    """The wish that is not yet being carried out, as the Stop that it calls for."""
    columns = (table.c.wish, table.c.wish_by, table.c.wish_reason, table.c.undoing)
    row = connection.execute(sa.select(*columns).where(table.c.id == recovery_id)).one()
    if row.wish is None or row.undoing:
        return None
    return Cancelled(f'cancelled by {row.wish_by}: {row.wish_reason}')
