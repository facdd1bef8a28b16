"""What is remembered of a host, with or without a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from recovery.db import hosts
from recovery.db.tables import META
from tests.databases import KINDS, database, opened


@pytest.mark.parametrize('kind', KINDS)
def test_a_row_is_made_when_it_is_needed(kind: str, tmp_path: Path) -> None:
    with database(kind, tmp_path) as url, opened(url) as store:
        META.create_all(store.engine)
        with store.write() as connection:
            assert hosts.get(connection, 'c1') == hosts.Host('c1')
            hosts.put(connection, 'c1', returned_at=5.0)
            hosts.put(connection, 'c1', returned_at=5.0)  # no change is no missing row
            hosts.enrol(connection, 'c1', {'bmc': 'AAA'})
            hosts.put(connection, 'c0', carries=['database'])
            first, second = hosts.every(connection)
        assert (first.name, first.carries) == ('c0', ('database',))
        assert (second.returned_at, second.identities) == (5.0, {'bmc': 'AAA'})
