"""TaskFlow writes only under the claim (H9)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from flows.stop import ClaimLost, StoreAway
from recovery.board.persistence import BookPersistence, GuardedEngine
from tests.unit.recovery.board.toys import Theatre
from tests.unit.recovery.claims.scene import Scene


def book(here: Scene) -> list[tuple[str, str, str]]:
    with here.store.read() as connection:
        query = 'SELECT name, state, intention FROM atomdetails ORDER BY name'
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_what_taskflow_writes_renews_the_claim(here: Scene, theatre: Theatre) -> None:
    claim = theatre.claimed()
    before = here.row(claim.recovery_id)['beats']
    here.pass_(20)
    theatre.run(claim).forward()
    assert here.row(claim.recovery_id)['beats'] > before + 4
    assert claim.lease_left() == 27.0


def test_after_the_claim_is_lost_nothing_is_written_and_nothing_reverted(
    here: Scene, theatre: Theatre
) -> None:
    claim = theatre.claimed()
    rows: list[object] = []

    def lose() -> None:
        here.change(claim.recovery_id, token='x' * 32)
        rows.extend(book(here))

    theatre.play.at['first'] = lose
    with pytest.raises(ClaimLost):
        theatre.run(claim).forward()
    assert theatre.play.did == ['first']
    assert book(here) == rows == [
        ('first', 'RUNNING', 'EXECUTE'), ('second', 'PENDING', 'EXECUTE'),
    ]  # fmt: skip


def test_a_failure_is_not_resolved_by_who_lost_the_claim(here: Scene, theatre: Theatre) -> None:
    """The undo of a worker that is not the owner any more must not begin."""
    claim = theatre.claimed()

    def lose() -> None:
        here.change(claim.recovery_id, token='x' * 32)
        raise KeyError('and then it failed')

    theatre.play.at['second'] = lose
    with pytest.raises(ClaimLost):
        theatre.run(claim).forward()
    assert theatre.play.did == ['first', 'second']
    assert ('second', 'RUNNING', 'EXECUTE') in book(here)


def test_a_database_that_is_away_stops_it_at_once(here: Scene, theatre: Theatre) -> None:
    """TaskFlow would sleep 5 s and do the step again after its own StorageFailure."""
    claim = theatre.claimed()
    began = here.clock.elapsed()
    held: list[sa.Connection] = []

    def hold() -> None:
        held.append(here.store.engine.execution_options(sqlite_begin='BEGIN IMMEDIATE').connect())
        held[0].exec_driver_sql('UPDATE recovery SET reason = reason')

    theatre.play.at['first'] = hold
    with pytest.raises(StoreAway, match='locked'):
        theatre.run(claim).forward()
    held[0].rollback()
    held[0].close()
    assert theatre.play.did == ['first']
    assert here.clock.elapsed() == began


def test_reading_needs_no_claim_and_writes_nothing(here: Scene, theatre: Theatre) -> None:
    claim = theatre.claimed()
    here.change(claim.recovery_id, token='x' * 32)
    with GuardedEngine(here.store, claim).connect() as connection:
        assert connection.exec_driver_sql('SELECT count(*) FROM logbooks').scalar() == 0


def test_one_connection_is_kept(here: Scene, theatre: Theatre) -> None:
    persistence = BookPersistence(here.store, theatre.claimed())
    assert persistence.get_connection() is persistence.get_connection()
