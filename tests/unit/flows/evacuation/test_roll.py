"""What is sendable, under way and over; nothing is sent before its state is written."""

from __future__ import annotations

from typing import Any

import pytest

from flows.evacuation.roll import Roll
from flows.records import AttemptState, ItemState
from tests.unit.flows.made import attempt, item


def pending(*names: str) -> list[Any]:
    return [item(instance=name, name=name, state=ItemState.PENDING) for name in names]


def looked(items: list[Any], at_once: int) -> Roll:
    """A roll whose pending items a look has found to be free."""
    roll = Roll(items, (), at_once)
    for one in items:
        roll.allow(one.instance)
    return roll


def written(roll: Roll) -> tuple[dict[str, Any], dict[int, Any]]:
    kept: list[Any] = []
    roll.flush(lambda items, attempts: kept.append((items, attempts)))
    found: tuple[dict[str, Any], dict[int, Any]] = kept[0]
    return found


def test_in_order_and_no_more_than_at_once() -> None:
    roll = looked(pending('a', 'b', 'c'), 2)
    first, second = roll.next(), roll.next()
    assert first is not None
    assert second is not None
    assert (first.instance, second.instance) == ('a', 'b')
    assert roll.next() is None
    assert roll.wake_loop.is_set()


def test_given_back_is_sendable_again() -> None:
    roll = looked(pending('a'), 1)
    taken = roll.next()
    assert taken is not None
    assert roll.sendable() == 0
    roll.give_back(taken)
    assert roll.next() == taken


def test_what_is_in_hand_is_not_judged() -> None:
    roll = looked(pending('a'), 1)
    taken = roll.next()
    assert taken is not None
    assert roll.open_items() == ()
    roll.started(taken, attempt(instance='a', state=AttemptState.INTENDED))
    assert roll.open_items() == ()
    roll.sent(taken)
    assert [one.state for one in roll.open_items()] == [ItemState.STARTED]


def test_an_item_is_not_sent_again_before_its_change_is_written() -> None:
    roll = Roll([item(instance='a')], [attempt(instance='a')], 1)
    roll.change('a', {'state': ItemState.PENDING}, {1: {'state': AttemptState.FAILED}})
    assert roll.next() is None
    assert not roll.over()

    def write(items: dict[str, Any], attempts: dict[int, Any]) -> None:
        assert items == {'a': {'state': ItemState.PENDING}}
        assert attempts == {1: {'state': AttemptState.FAILED}}
        assert roll.next() is None  # being written is not written

    roll.flush(write)
    assert roll.next() is None  # nobody has looked at it since it may be sent again
    roll.allow('a')
    assert roll.wake_senders.is_set()
    again = roll.next()
    assert again is not None
    assert again.instance == 'a'


def test_what_there_is_more_to_see_of_waits_for_the_next_look() -> None:
    roll = Roll(pending('a'), (), 1)
    roll.allow('a', 7)
    taken = roll.next()
    assert taken is not None
    assert roll.newest(taken) == 7
    roll.look_again(taken)
    assert roll.wake_loop.is_set()
    assert roll.next() is None
    assert not roll.over()
    assert [one.instance for one in roll.open_items()] == ['a']
    roll.allow('a', 8)
    assert roll.next() is not None
    assert roll.newest(taken) == 8


def test_changes_are_handed_out_once() -> None:
    roll = Roll([item(instance='a')], [attempt(instance='a')], 1)
    roll.change('a', {'reason': 'x'})
    roll.change('a', {'state': ItemState.MOVED})
    assert written(roll) == ({'a': {'reason': 'x', 'state': ItemState.MOVED}}, {})
    assert written(roll) == ({}, {})


@pytest.mark.parametrize(
    ('state', 'over'),
    [
        (ItemState.MOVED, True),
        (ItemState.LEFT, True),
        (ItemState.FAILED, True),
        (ItemState.UNSETTLED, True),
        (ItemState.STARTED, False),
        (ItemState.PENDING, False),
    ],
)
def test_over(state: ItemState, over: bool) -> None:
    assert Roll([item(state=state)], (), 1).over() is over


def test_blocked_ones_are_not_sent_and_do_not_keep_it_going() -> None:
    roll = Roll(pending('a'), (), 1)
    assert not roll.over()  # nobody has looked at it yet
    roll.block('a', 'a live migration runs')
    assert roll.next() is None
    assert roll.over()
    assert roll.counts() == {'pending': 1}


def test_attempts_of_all_rounds_in_order() -> None:
    roll = Roll([item(instance='a')], [attempt(id=2, instance='a'), attempt(id=5, instance='a')], 1)
    assert [one.id for one in roll.attempts('a')] == [2, 5]
    assert roll.attempts('b') == ()
