"""Whether a recovery ends because what it is about is over."""

from __future__ import annotations

from drivers.contracts.alarms import Alarm
from recovery.board import over
from recovery.claims.claim import Claim
from recovery.db import alarms
from tests.unit.recovery.claims.scene import Scene


def joins(here: Scene, claim: Claim, key: str) -> None:
    now = here.clock.now()
    alarm = Alarm(source='test', key=key, kind='host-down', subject=claim.host, at=now)
    with here.store.write() as connection:
        alarms.add(connection, key, alarm, now)
        alarms.settle(connection, key, 'ignore', 'already under recovery', claim.recovery_id)


def test_by_all_that_has_been_said_of_it(here: Scene) -> None:
    claim = here.claimed()
    joins(here, claim, 'first')
    claim.heard = 1
    assert over.ends(claim, 'it is up again')
    row = here.row(claim.recovery_id)
    assert (row['undoing'], row['reason']) == (True, 'it is up again')
    assert row['notes'] == {'over': claim.round}


def test_not_when_another_alarm_has_joined_it_since(here: Scene) -> None:
    claim = here.claimed()
    joins(here, claim, 'first')
    claim.heard = 1
    joins(here, claim, 'second')
    assert not over.ends(claim, 'it is up again')
    assert not here.row(claim.recovery_id)['undoing']


def test_not_when_nobody_knows_what_was_looked_at(here: Scene) -> None:
    claim = here.claimed()
    assert claim.heard is None
    assert not over.ends(claim, 'it is up again')
