"""Taking over: only after a whole lease without a beat, on the watcher's own clock."""

from __future__ import annotations

import pytest

from flows.stop import ClaimLost
from recovery.claims.orphans import Orphans
from recovery.db import states, tables
from tests.unit.recovery.claims.scene import Scene


def test_a_silent_owner_loses_it_after_a_lease(here: Scene) -> None:
    claim, orphans = here.claimed(), Orphans(here.store, 'w2')
    assert orphans.sweep() == ()
    here.pass_(29.9)
    assert orphans.sweep() == ()
    here.pass_(0.1)
    assert orphans.sweep() == (claim.recovery_id,)
    row = here.row(claim.recovery_id)
    assert (row['state'], row['token'], row['worker'], row['lease']) == ('ready', None, None, None)
    event = here.rows(tables.event)[0]
    assert (event['who'], event['what']) == ('w2', 'w1 stopped answering')
    with pytest.raises(ClaimLost):
        claim.beat()


def test_an_owner_that_beats_keeps_it(here: Scene) -> None:
    claim, orphans = here.claimed(), Orphans(here.store, 'w2')
    for _ in range(10):
        assert orphans.sweep() == ()
        here.pass_(29)
        claim.beat()
    assert orphans.sweep() == ()


def test_a_death_is_found_a_lease_after_the_last_beat(here: Scene) -> None:
    claim, orphans = here.claimed(), Orphans(here.store, 'w2')
    orphans.sweep()
    here.pass_(10)
    claim.beat()
    for _ in range(4):
        assert orphans.sweep() == ()
        here.pass_(7.5)
    assert orphans.sweep() == (claim.recovery_id,)


def test_the_lease_counts_from_when_it_was_seen_first(here: Scene) -> None:
    """A watcher that starts late cannot know when the last beat was."""
    here.claimed()
    here.pass_(3600)
    orphans = Orphans(here.store, 'w2')
    assert orphans.sweep() == ()
    here.pass_(29)
    assert orphans.sweep() == ()


def test_by_then_the_owner_has_stopped_acting(here: Scene) -> None:
    claim, orphans = here.claimed(), Orphans(here.store, 'w2')
    while not orphans.sweep():
        before = claim.lease_left()
        here.pass_(0.5)
    assert before < 0


@pytest.mark.parametrize('step', [-86400.0, 86400.0])
def test_steps_of_the_wall_clock_are_irrelevant(here: Scene, step: float) -> None:
    claim, orphans = here.claimed(), Orphans(here.store, 'w2')
    orphans.sweep()
    here.clock.step_wall(step)
    assert orphans.sweep() == ()
    here.pass_(30)
    assert orphans.sweep() == (claim.recovery_id,)


def test_each_row_has_the_lease_of_its_owner(here: Scene) -> None:
    short, long = here.recovery('c1'), here.recovery('c2')
    here.win(short, lease=5.0)
    here.win(long, lease=60.0)
    orphans = Orphans(here.store, 'w3')
    orphans.sweep()
    here.pass_(6)
    assert orphans.sweep() == (short,)
    here.pass_(60)
    assert orphans.sweep() == (long,)


def test_a_new_owner_begins_anew(here: Scene) -> None:
    claim, orphans = here.claimed(), Orphans(here.store, 'w2')
    orphans.sweep()
    here.pass_(29)
    claim.release(states.READY)
    new = here.win(claim.recovery_id, 'w3')
    here.change(new.recovery_id, beats=1)  # as many as the first owner had
    here.pass_(1)
    assert orphans.sweep() == ()


def test_a_beat_between_look_and_taking_saves_it(here: Scene) -> None:
    claim, orphans = here.claimed(), Orphans(here.store, 'w2')
    orphans.sweep()
    seen = orphans._seen[claim.recovery_id]
    claim.beat()
    assert not orphans._take(claim.recovery_id, seen, 'w1')
    assert here.row(claim.recovery_id)['state'] == states.RUNNING
    assert here.told() == []


def test_of_two_watchers_one_takes_it(here: Scene) -> None:
    claim = here.claimed()
    both = [Orphans(here.store, 'w2'), Orphans(here.store, 'w3')]
    for one in both:
        one.sweep()
    here.pass_(30)
    assert [one.sweep() for one in both] == [(claim.recovery_id,), ()]
    assert len(here.told()) == 1
