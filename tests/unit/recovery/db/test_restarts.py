"""Which superseded restarts are looked at, and that only what was read is changed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from recovery.db import recoveries, restarts
from tests.unit.recovery.claims.scene import HOST, Scene

KIND, WEB = 'instance-down', 'i-1'


def given_way(here: Scene, **later: object) -> tuple[str, str]:
    """The restart, and the recovery that took its host over."""
    taker = here.recovery()
    if later:
        here.change(taker, **later)
    old = here.recovery(f'{HOST}-{taker[:4]}')
    here.change(old, kind=KIND, subject=WEB, host=HOST, open_key=None, state='superseded',
                superseded_by=taker, ended_at=here.clock.now())  # fmt: skip
    return old, taker


def found(here: Scene, since: float = 0.0) -> tuple[sa.RowMapping, ...]:
    with here.store.read() as connection:
        return restarts.given_way(connection, KIND, since)


def test_those_of_a_live_one_are_found_however_old(here: Scene) -> None:
    old, _taker = given_way(here)
    assert [row['id'] for row in found(here, since=here.clock.now() + 1e6)] == [old]


def test_those_of_an_ended_one_only_for_a_while(here: Scene) -> None:
    now = here.clock.now()
    old, _taker = given_way(here, state='undone', open_key=None, ended_at=now)
    assert [row['id'] for row in found(here, since=now - 1)] == [old]
    assert found(here, since=now + 1) == ()


def test_what_is_over_is_found_no_more(here: Scene) -> None:
    given_way(here)
    (row,) = found(here)
    with here.store.write() as connection:
        assert restarts.over(connection, row, 'it runs')
    assert found(here) == ()


def test_what_has_changed_meanwhile_stays(here: Scene) -> None:
    old, taker = given_way(here)
    (row,) = found(here)
    values: dict[str, Any] = {'host': HOST, 'reason': '', 'arguments': {}, 'expires_at': 9.0}
    with here.store.write() as connection:
        assert restarts.begin_again(connection, row, 5.0, **values)
        assert not restarts.begin_again(connection, row, 5.0, **values)
        begun = recoveries.get(connection, old)
        assert begun is not None
        assert recoveries.supersede(connection, begun, taker, 6.0)  # and once more
        assert not restarts.begin_again(connection, row, 7.0, **values)
        assert not restarts.over(connection, row, 'it runs')
