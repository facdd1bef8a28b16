"""What one pass of an evacuation tries, and when it has tried enough."""

from __future__ import annotations

from flows.evacuation.aim import ANYWHERE, Aim, took_not
from flows.evacuation.settle import NO_HOST
from flows.records import Attempt, AttemptState
from tests.unit.flows.made import attempt

SPARE = Aim(spare='spare-1', last=False)
FAILED, REFUSED = AttemptState.FAILED, AttemptState.REFUSED


def ended(target: str | None, state: AttemptState = FAILED, **more: object) -> Attempt:
    return attempt(target=target, state=state, **more)


def test_failures_elsewhere_are_not_counted() -> None:
    tried = [ended('compute-03'), ended(None), ended('spare-1')]
    assert not SPARE.spent(tried, 1, 2)
    assert SPARE.spent(tried, 1, 1)
    others = Aim(spares=frozenset({'spare-1'}))
    assert len(others.failures(tried, 1)) == 2
    assert len(ANYWHERE.failures(tried, 1)) == 3


def test_each_round_begins_anew() -> None:
    assert not SPARE.spent([ended('spare-1')], 2, 1)


def test_a_refusal_ends_it_for_a_spare_and_for_nobody_else() -> None:
    assert SPARE.spent([ended('spare-1', REFUSED)], 1, 3)
    assert not ANYWHERE.spent([ended('spare-1', REFUSED)], 1, 1)


def test_what_is_open_is_no_failure() -> None:
    assert not SPARE.spent([ended('spare-1', AttemptState.ACCEPTED)], 1, 1)


def test_who_took_it_not_is_told_from_who_could_not_start_it() -> None:
    assert took_not(ended('spare-1', REFUSED))
    assert took_not(ended('spare-1', reason=NO_HOST))
    assert not took_not(ended('spare-1', reason='the record of Nova says failed'))
