"""Evacuations that died with their destination (H1), and those that only look so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from drivers.contracts.compute import Migration
from flows.evacuation.lost import LOST, MARGIN_SECONDS, is_lost, still_open, told
from tests.unit.flows.made import migration

BEGAN = 1000.0
OPEN = replace(
    migration(),
    type='evacuation',
    status='pre-migrating',
    destination='compute-02',
    created_at=BEGAN - 10,
    updated_at=BEGAN,
)


def proven_at(at: float) -> Callable[[Migration, float], bool]:
    return lambda record, since: record.destination == 'compute-02' and at > since


LATER = proven_at(BEGAN + MARGIN_SECONDS + 1)


def test_a_proof_after_it_had_begun_ends_it() -> None:
    assert is_lost(OPEN, LATER)
    assert told(OPEN, LATER).status == LOST


@pytest.mark.parametrize('at', [BEGAN - 1, BEGAN, BEGAN + MARGIN_SECONDS])
def test_an_earlier_proof_says_nothing_of_it(at: float) -> None:
    assert told(OPEN, proven_at(at)) is OPEN


def test_what_waits_in_a_queue_is_carried_out_when_the_destination_returns() -> None:
    assert not is_lost(replace(OPEN, status='accepted'), LATER)


def test_only_evacuations_with_a_destination_are_meant() -> None:
    assert not is_lost(replace(OPEN, type='live-migration'), LATER)
    assert not is_lost(replace(OPEN, destination=None), LATER)
    assert not is_lost(replace(OPEN, destination='compute-03'), LATER)


def test_a_lost_one_stays_open_until_a_later_one_succeeded() -> None:
    later = replace(OPEN, id=OPEN.id + 1, status='done', destination='compute-03')
    assert still_open([OPEN], LATER) == [OPEN]
    assert still_open([OPEN, later], LATER) == []
    assert still_open([OPEN, later], proven_at(0.0)) == [OPEN]
    assert still_open([OPEN, replace(later, instance='another')], LATER) == [OPEN]
