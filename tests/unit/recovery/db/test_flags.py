"""Changes of ours to the record of a service: when, and what they hid."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from recovery.db import flags
from recovery.db.flags import Change
from recovery.db.tables import intent
from tests.unit.recovery.claims.scene import HOST, Scene

Row = tuple[str, float, float | None, float | None, str | None]


def changes(here: Scene, *rows: Row, host: str = HOST) -> tuple[Change, ...]:
    claim = here.claimed()
    common = {'recovery': claim.recovery_id, 'round': 1, 'epoch': 1, 'target': HOST}
    with here.store.write() as connection:
        for action, at, ended_at, before, outcome in rows:
            values = {'action': action, 'at': at, 'ended_at': ended_at, 'outcome': outcome}
            observed = {} if before is None else {'updated_at': before}
            connection.execute(
                sa.insert(intent).values(**common, **values, host=host, observed=observed)
            )
        return flags.changes(connection, HOST)


def test_newest_first_with_what_the_record_was_before(here: Scene) -> None:
    assert changes(
        here,
        ('disable-service', 50.0, 50.5, 44.0, 'accepted'),
        ('power-off', 51.0, 51.5, None, 'accepted'),
        ('force-down', 60.0, 90.0, 50.2, 'accepted'),
        ('clear-force-down', 95.0, None, None, None),
    ) == (
        Change(95.0, 95.0, 155.0, None),
        Change(60.0, 90.0, 90.0, 50.2),
        Change(50.0, 50.5, 50.5, 44.0),
    )


@pytest.mark.parametrize(
    ('row', 'ended', 'latest'),
    [
        (('disable-service', 50.0, 50.5, 44.0, 'accepted'), 50.5, 50.5),
        (('disable-service', 50.0, 86.0, 44.0, 'accepted'), 52.0, 86.0),  # its worker was frozen
        (('disable-service', 50.0, 52.0, 44.0, 'failed: Unreachable: late'), 52.0, 112.0),
        (('disable-service', 50.0, None, 44.0, None), 50.0, 110.0),
        (('force-down', 50.0, 86.0, 44.0, 'accepted'), 86.0, 86.0),
        (('disable-service', 50.0, 50.5, 44.0, 'refused: Refused: 400'), None, None),
        (('power-off', 50.0, 50.5, None, 'accepted'), None, None),
    ],
)
def test_when_it_was_changed_last(
    here: Scene, row: Row, ended: float | None, latest: float | None
) -> None:
    changes(here, row)
    with here.store.read() as connection:
        newest = flags.newest(connection, HOST)
        assert (newest and newest.ended, newest and newest.latest) == (ended, latest)
        assert flags.newest(connection, 'compute-07') is None


def test_so_many_and_no_more(here: Scene) -> None:
    rows: list[Row] = [('disable-service', 50.0 + at, None, None, None) for at in range(10)]
    found = changes(here, *rows)
    assert [one.began for one in found] == [59.0 - at for at in range(flags.MOST)]
