"""The heartbeat keeps claims and shows that the process lives (H9)."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from flows.stop import Cancelled, ClaimLost
from recovery.claims.claim import Claim
from recovery.claims.orphans import Orphans
from recovery.db import tables, workers
from recovery.db.store import Store
from recovery.service.heartbeat import Heartbeat
from recovery.site import Identity
from tests.unit.recovery.claims.scene import LEASE, Scene

W1 = Identity('w1', 'worker', 'controller', 1)


@pytest.fixture
def own(here: Scene) -> Iterator[Store]:
    """Connections of its own."""
    store = Store(str(here.store.url), here.clock, busy_seconds=0.1)
    yield store
    store.close()


def heartbeat(own: Store, *claims: Claim, lease: float = LEASE) -> Heartbeat:
    return Heartbeat(own, W1, lambda: claims, lease=lease)


def locked(here: Scene) -> sa.Connection:
    """Somebody writes, and does not end."""
    connection = here.store.writer.connect()
    connection.exec_driver_sql('UPDATE recovery SET reason = reason')
    return connection


def test_claims_outlive_their_lease_without_a_write(here: Scene, own: Store) -> None:
    claim, orphans, stop = here.claimed(), Orphans(here.store, 'w2'), threading.Event()
    ended = here.clock.spawn('beat', lambda: heartbeat(own, claim).run(stop))
    for _ in range(10):
        assert orphans.sweep() == ()
        here.pass_(13)
    assert claim.lease_left() > 15
    stop.set()
    here.clock.wait(ended)
    assert here.rows(tables.worker)[0]['seen_at'] > here.clock.now() - 15


def test_a_long_lease_does_not_make_the_process_look_dead(here: Scene, own: Store) -> None:
    stop = threading.Event()
    ended = here.clock.spawn('beat', lambda: heartbeat(own, lease=600.0).run(stop))
    for _ in range(20):
        here.pass_(13)
        assert here.rows(tables.worker)[0]['seen_at'] > here.clock.now() - workers.ALIVE_SECONDS / 2
    stop.set()
    here.clock.wait(ended)


def test_it_brings_wishes(here: Scene, own: Store) -> None:
    claim = here.claimed()
    here.change(claim.recovery_id, wish='leave', wish_by='ann', wish_reason='mine')
    heartbeat(own, claim).beat()
    with pytest.raises(Cancelled):
        claim.check()


def test_a_lost_claim_harms_no_other(here: Scene, own: Store) -> None:
    lost, kept = here.claimed('c1'), here.claimed('c2')
    here.change(lost.recovery_id, token='x' * 32)
    here.pass_(10)
    heartbeat(own, lost, kept).beat()
    assert kept.lease_left() == 27.0
    with pytest.raises(ClaimLost):
        lost.check()


def test_what_is_let_go_was_not_lost(
    here: Scene, own: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """The beat may come between the end of a claim and the moment in which its list knows."""
    lost, ended = here.claimed('c1'), here.claimed('c2')
    here.change(lost.recovery_id, token='x' * 32)
    ended.release('done')
    heartbeat(own, lost, ended).beat()
    said = [one.getMessage() for one in caplog.records if 'is lost' in one.getMessage()]
    assert said == [f'{lost.recovery_id}: the claim is lost']


def test_a_database_that_is_away_is_survived_while_the_lease_lasts(here: Scene, own: Store) -> None:
    claim = here.claimed()
    here.pass_(20)
    held = locked(here)
    heartbeat(own, claim).beat()
    held.rollback()
    held.close()
    claim.check()
    heartbeat(own, claim).beat()
    assert claim.lease_left() == 27.0


def test_after_the_lease_the_owner_is_told_to_stop(here: Scene, own: Store) -> None:
    """Somebody else may own it by now, and the database cannot say so."""
    claim = here.claimed()
    here.pass_(27)
    held = locked(here)
    heartbeat(own, claim).beat()
    held.rollback()
    held.close()
    with pytest.raises(ClaimLost, match='the lease ran out'):
        claim.check()
    with pytest.raises(ClaimLost):
        claim.beat()
