"""A site for the tests of commands: SQLite in a file, a simulated cloud over HTTP with its BMCs."""

from __future__ import annotations

import functools
import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from drivers.clock import SystemClock
from drivers.simulated.app import App as SimulatedCloud
from drivers.simulated.app import clouds_yaml
from drivers.simulated.bmc import attach
from drivers.simulated.server import Server
from drivers.simulated.world import World, small_world
from recovery.cli.main import App
from recovery.db import recoveries, states, upgrade
from recovery.db.store import Store
from recovery.db.tables import META


class Terminal(io.StringIO):
    """Input that somebody types."""

    def isatty(self) -> bool:
        return True


@dataclass
class Result:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Operator:
    """Somebody who types commands at a site."""

    def __init__(self, folder: Path, store: Store, config: Path) -> None:
        self.folder = folder
        self.store = store
        self.config = config

    def __call__(self, *words: str, typed: str | None = None) -> Result:
        """Run a command; with ``typed`` the input is a terminal."""
        out, err = io.StringIO(), io.StringIO()
        stdin = io.StringIO() if typed is None else Terminal(typed)
        app = App(stdin=stdin, stdout=out, stderr=err)
        try:
            code = app.run(['--config-file', str(self.config), *words])
        except SystemExit as stop:  # argparse
            code = int(stop.code or 0)
        return Result(code, out.getvalue(), err.getvalue())

    def recovery(self, host: str = 'compute-01', state: str = states.READY, **values: Any) -> str:
        """A recovery in the database; returns its id."""
        store, now = self.store, self.store.clock.now()
        fresh = recoveries.Fresh(
            id=values.pop('id', store.clock.new_id()),
            kind=values.pop('kind', 'host-down'),
            subject=host,
            host=host,
            state=state,
            reason=values.pop('reason', 'because'),
            requested_by='alice',
            arguments={},
            created_at=values.pop('created_at', now),
        )
        if state in states.ENDED:
            values = {'open_key': None, 'ended_at': now} | values
        table = META.tables['recovery']
        with store.write() as connection:
            recoveries.create(connection, fresh)
            if values:
                mine = table.c.id == fresh.id
                connection.execute(sa.update(table).where(mine).values(**values))
        return fresh.id

    def add(self, table: str, **values: Any) -> None:
        """A row in a table."""
        with self.store.write() as connection:
            connection.execute(sa.insert(META.tables[table]).values(**values))

    def row(self, identifier: str) -> Mapping[str, Any]:
        """The recovery as it is now."""
        with self.store.read() as connection:
            found = recoveries.get(connection, identifier)
        assert found is not None
        return dict(found)

    def rows(self, table: str) -> list[Mapping[str, Any]]:
        """All rows of a table."""
        with self.store.read() as connection:
            return [
                dict(row) for row in connection.execute(sa.select(META.tables[table])).mappings()
            ]

    def intent(self, recovery: str, action: str = 'power-off', **values: Any) -> None:
        """An intent of a recovery."""
        now = self.store.clock.now()
        self.add(
            'intent',
            **{'recovery': recovery, 'round': 1, 'epoch': 1, 'host': 'compute-01', 'action': action,
               'target': 'bmc', 'observed': {}, 'at': now} | values,
        )  # fmt: skip

    def item(self, recovery: str, name: str, state: str, **values: Any) -> str:
        """An instance of a recovery; returns its UUID."""
        instance = self.store.clock.new_id()
        self.add(
            'item',
            **{'recovery': recovery, 'instance': instance, 'name': name, 'source': 'compute-01',
               'state': state, 'reason': '', 'vm_state': 'active', 'keep_stopped': False,
               'priority': 0, 'round': 1} | values,
        )  # fmt: skip
        return instance


@functools.cache
def _made() -> bytes:
    """A database with the tables of this release: copying is faster than making it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'made.sqlite'
        store = Store(f'sqlite:///{path}', SystemClock())
        upgrade.upgrade(store)
        store.close()  # with the last connection all goes into the one file
        return path.read_bytes()


@contextmanager
def operator(folder: Path, extra: str = '', *, schema: bool = True) -> Iterator[Operator]:
    """An operator of a site.

    :param extra: more of the configuration file.
    :param schema: whether the database has tables.
    """
    path = folder / 'recovery.sqlite'
    config = folder / 'recovery.conf'
    config.write_text(f'[database]\nconnection = sqlite:///{path}\n{extra}')
    store = Store(f'sqlite:///{path}', SystemClock())
    if schema:
        path.write_bytes(_made())
    yield Operator(folder, store, config)
    store.close()


@contextmanager
def cloud(folder: Path) -> Iterator[tuple[World, str]]:
    """A simulated cloud over HTTP, and the options that find it and its BMCs."""
    clock = SystemClock()
    world = small_world(clock, 3, 6)
    server = Server(SimulatedCloud(world), clock, ('127.0.0.1', 0))
    ended = server.start()
    attach(world)
    (folder / 'clouds.yaml').write_text(clouds_yaml(server.url))
    (folder / 'fencing.yaml').write_text(
        'patterns:\n'
        '  - match: compute-*\n'
        '    levels:\n'
        '      - - {driver: simulated, name: bmc, address: "sim://{host}", request_timeout: 1}\n'
    )
    (folder / 'fencing.yaml').chmod(0o600)
    options = (
        f'[compute]\ncloud = simulated\nclouds_file = {folder / "clouds.yaml"}\n'
        f'interface = public\n[fencing]\ninventory = {folder / "fencing.yaml"}\n'
    )
    try:
        yield world, options
    finally:
        attach(None)
        server.stop()
        clock.wait(ended, 5.0)
