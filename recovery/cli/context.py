"""What the commands of one run share, each opened on first use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from recovery.cli import options
from recovery.cli.exits import UsageError

if TYPE_CHECKING:
    from oslo_config import cfg

    from drivers.contracts.clock import Clock
    from recovery.cli.desk import Desk
    from recovery.db.store import Store
    from recovery.site import Site

API = 'RECOVERY_API'  # in the environment: the URL of the API that is asked


class NoSchema(Exception):
    """The database is there, but its tables are not those of this release."""


class Context:
    """Options, clock, database and site; or the API instead of all but the clock.

    :param cloud: in clouds.yaml, whose API is asked; None: the database, unless RECOVERY_API is
        set.
    """

    def __init__(
        self, files: Sequence[str], directories: Sequence[str], cloud: str | None = None
    ) -> None:
        self._files = files
        self._directories = directories
        self._cloud = cloud

    @property
    def remote(self) -> bool:
        """Whether the API is asked."""
        return bool(self._cloud or os.environ.get(API))

    @cached_property
    def desk(self) -> Desk:
        """Where answers come from and orders go to. Raises UsageError."""
        if self.remote:
            from recovery.cli.client import connect
            from recovery.cli.there import There

            return There(connect(self._cloud, os.environ.get(API), os.environ))
        from recovery.cli.here import Here

        return Here(self)

    @cached_property
    def conf(self) -> cfg.ConfigOpts:
        """Raises UsageError."""
        return options.load(self._files, self._directories, os.environ)

    @cached_property
    def clock(self) -> Clock:
        from drivers.clock import SystemClock

        return SystemClock()

    @cached_property
    def bare_store(self) -> Store:
        """The database, whatever is in it. For 'db upgrade' and its like."""
        self._refuse_remote()
        from recovery.db.engines import BadDatabase
        from recovery.db.store import Store

        group = self.conf.database
        try:
            return Store(group.connection, self.clock, busy_seconds=group.busy_seconds)
        except BadDatabase as error:
            raise UsageError(str(error)) from error

    @cached_property
    def store(self) -> Store:
        """The database, once its tables are known to be those of this release.

        :raises NoSchema: they are not.
        :raises StoreAway: it does not answer.
        :raises UsageError: the API is asked, and this command needs the database.
        """
        self._refuse_remote()
        store = self.bare_store
        if (path := missing_file(store)) is not None:
            raise NoSchema(f'there is no database {path} yet')
        _refuse_stale(store)
        return store

    @cached_property
    def site(self) -> Site:
        """Store, drivers and policy of this site, wired together. Raises UsageError."""
        from recovery import plugins
        from recovery.conf.reading import BadOptions

        try:
            return plugins.open_site(self.conf, self.clock, self.store)
        except BadOptions as error:
            raise UsageError(str(error)) from error

    def _refuse_remote(self) -> None:
        if self.remote:
            raise UsageError(
                'this needs the database, and cannot be asked of the API: leave --os-cloud and '
                f'{API} away'
            )

    def close(self) -> None:
        """Give connections back."""
        if 'bare_store' in self.__dict__:
            self.bare_store.close()


def missing_file(store: Store) -> str | None:
    """The SQLite file that is not there; opening it would make an empty one."""
    path = store.url.database
    if store.url.get_backend_name() != 'sqlite' or path in (None, '', ':memory:'):
        return None
    assert path is not None
    return None if Path(path).exists() else path


def _refuse_stale(store: Store) -> None:
    """Compare revisions; the full look, which loads TaskFlow and alembic, only when they differ."""
    from recovery.db import revision

    with store.read() as connection:
        found = revision.stored(connection)
    if found == _newest_revision():
        return
    from recovery.db import upgrade

    try:
        upgrade.refuse_stale(store)
    except upgrade.StaleSchema as error:
        raise NoSchema(str(error)) from error


def _newest_revision() -> str:
    from recovery.db import migrations

    folder = Path(migrations.__file__).with_name('versions')
    return max(path.name.partition('_')[0] for path in folder.glob('[0-9]*_*.py'))
