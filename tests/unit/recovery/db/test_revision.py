"""The stored revision is found, and its absence is no error."""

from __future__ import annotations

from pathlib import Path

from recovery.db import revision
from recovery.db.upgrade import upgrade
from tests.databases import database, opened


def test_of_an_empty_database_and_of_a_new_one(tmp_path: Path) -> None:
    with database('sqlite', tmp_path) as url, opened(url) as store:
        with store.read() as connection:
            assert revision.stored(connection) is None
        _, head = upgrade(store)
        with store.read() as connection:
            assert revision.stored(connection) == head
