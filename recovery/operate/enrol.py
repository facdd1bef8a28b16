"""Recording what the devices of a host say they are, to notice when they change (H4)."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from recovery.db import hosts
from recovery.db.store import Store
from recovery.operate.change import tell


def enrol(store: Store, host: str, identities: Mapping[str, str], *, by: str, reason: str) -> None:
    """From now on these are the devices of this host.

    :param identities: by the device's name in the inventory.
    """

    def work(connection: sa.Connection) -> None:
        hosts.enrol(connection, host, identities)
        said = ', '.join(f'{name} is {identity}' for name, identity in identities.items())
        what = f'enrolled the devices of {host}: {said}'
        tell(connection, None, store.clock.now(), by=by, what=what, why=reason)

    store.transact(work)
