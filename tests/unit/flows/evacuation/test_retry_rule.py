"""When another evacuate is safe (H1)."""

from __future__ import annotations

import pytest

from flows.evacuation.retry_rule import forbids
from flows.records import Attempt, AttemptState
from tests.unit.flows.made import TARGET, attempt


def never(_attempt: Attempt) -> bool:
    return False


def test_the_first_one_is_free() -> None:
    assert forbids([], never) == ''


@pytest.mark.parametrize('state', [AttemptState.INTENDED, AttemptState.ACCEPTED])
def test_an_open_one_forbids_the_next(state: AttemptState) -> None:
    assert 'has not ended' in forbids([attempt(state=state)], never)


@pytest.mark.parametrize('state', [AttemptState.REFUSED, AttemptState.ABSENT, AttemptState.MOVED])
def test_what_started_nothing_here_allows_it(state: AttemptState) -> None:
    assert forbids([attempt(state=state, destination_sure=False)], never) == ''


def test_a_failure_without_destination_started_nothing() -> None:
    assert forbids([attempt(state=AttemptState.FAILED, destination=None)], never) == ''


def test_a_failure_that_was_not_followed_may_have_had_a_destination() -> None:
    lost = attempt(state=AttemptState.FAILED, destination=None, destination_sure=False)
    assert forbids([lost], lambda _attempt: True)


@pytest.mark.parametrize(('sure', 'proven', 'free'), [
    (True, False, True),
    (False, False, False),
    (False, True, True),
    (True, True, True),
])  # fmt: skip
def test_a_failure_is_believed_of_a_sure_or_a_fenced_destination(
    sure: bool, proven: bool, free: bool
) -> None:
    failed = attempt(state=AttemptState.FAILED, destination=TARGET, destination_sure=sure)
    said = forbids([failed], lambda _attempt: proven)
    assert (said == '') is free
    assert free or TARGET in said


def test_the_proof_must_be_newer_than_the_attempt() -> None:
    asked: list[Attempt] = []

    def proven(one: Attempt) -> bool:
        asked.append(one)
        return True

    failed = attempt(
        state=AttemptState.FAILED, destination=TARGET, destination_sure=False, after_proof=7
    )
    assert forbids([failed], proven) == ''
    assert asked == [failed]


def test_one_unsafe_attempt_among_many_forbids() -> None:
    fine = attempt(state=AttemptState.REFUSED)
    unsafe = attempt(state=AttemptState.FAILED, destination=TARGET, destination_sure=False)
    assert forbids([fine, unsafe, fine], never)
