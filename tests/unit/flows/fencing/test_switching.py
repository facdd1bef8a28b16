"""One device of a level: when it is asked, how long it has, when it counts or has failed."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.contracts.fencing import FenceDevice, PowerState
from flows.fencing.readings import Reading
from flows.fencing.switching import Switching
from tests.unit.flows.devices import Clock, Device

BEGAN = 100.0


def switching(**fields: Any) -> Switching:
    driver = Device(Clock(), 'on')
    return Switching(FenceDevice('bmc', driver, 'sim://bmc', **fields), BEGAN)


def reads(one: Switching, state: str, at: float = 0.0) -> None:
    """What the caller does with a reading, at so many seconds after the first request."""
    if state == 'off' and one.off_since is None:
        one.was_off(BEGAN + at)
    error = 'no answer' if state == 'away' else ''
    power = PowerState.UNKNOWN if error else PowerState(state)
    one.saw(Reading('bmc', power, BEGAN + at, error))


def asked(one: Switching, outcome: str = 'accepted', at: float = 0.0, before: str = 'on') -> None:
    one.begin(BEGAN + at)
    one.sent(PowerState(before))
    getattr(one, outcome)()


def test_the_delay_comes_before_the_first_request_only() -> None:
    one = switching(delay=10.0, attempts=2, off_timeout=60.0)
    assert not one.due(BEGAN + 9.9)
    assert one.next_in(BEGAN + 4.0) == 6.0
    assert one.due(BEGAN + 10.0)
    asked(one, at=10.0)
    reads(one, 'on', 11.0)
    assert not one.due(BEGAN + 39.9)
    assert one.due(BEGAN + 40.0)  # half of its total, from the first request


def test_the_time_out_is_a_total_from_the_first_request() -> None:
    one = switching(delay=50.0, off_timeout=60.0, attempts=3)
    assert one.left(BEGAN + 49.0) == 60.0
    asked(one, at=50.0)
    reads(one, 'on', 50.0)
    for at in (70.0, 90.0):
        assert one.due(BEGAN + at)
        asked(one, at=at)
        reads(one, 'on', at)
    assert not one.failed(BEGAN + 109.9)
    assert one.failed(BEGAN + 110.0)
    assert not one.due(BEGAN + 110.0)


def test_no_question_outlives_the_total() -> None:
    one = switching(off_timeout=20.0, request_timeout=15.0)
    asked(one)
    assert one.patience(BEGAN) == 15.0
    assert one.patience(BEGAN + 12.0) == 8.0
    assert one.patience(BEGAN + 25.0) == 1.0


def test_one_that_is_off_may_take_its_time_to_say_that_it_still_is() -> None:
    """While the rest of its level is asked: not a second that its own time-out has left over."""
    one = switching(off_timeout=20.0)
    asked(one)
    reads(one, 'off', at=3.0)
    assert one.patience(BEGAN + 25.0) == 15.0
    reads(one, 'away', at=26.0)
    assert one.patience(BEGAN + 26.0) == 1.0


def test_no_more_requests_than_attempts() -> None:
    one = switching(attempts=2, off_timeout=60.0)
    asked(one)
    asked(one, at=30.0)
    reads(one, 'on', 30.0)
    assert not any(one.due(BEGAN + at) for at in range(30, 60))


def test_one_that_got_no_answer_is_asked_again_at_once() -> None:
    one = switching(attempts=2)
    asked(one, 'unanswered')
    reads(one, 'on')
    assert one.due(BEGAN + 0.5)


def test_one_that_refused_is_not_asked_again() -> None:
    one = switching(attempts=5)
    asked(one, 'refused')
    reads(one, 'on')
    assert not one.due(BEGAN + 59.0)


@pytest.mark.parametrize(
    ('outcome', 'readings', 'failed'),
    [
        ('refused', ['on'], False),
        ('refused', ['on', 'on'], True),
        ('refused', ['away', 'on'], True),
        ('refused', ['unknown', 'unknown', 'on'], False),  # it is switching
        ('refused', ['on', 'unknown', 'on'], False),
        ('unanswered', ['away'], False),
        ('unanswered', ['away', 'away'], True),
        ('unanswered', ['on', 'on', 'on'], False),  # the request may have arrived
        ('unanswered', ['away', 'on', 'away'], False),
        ('accepted', ['on', 'on', 'on'], False),
        ('accepted', ['away', 'away', 'away'], False),
        ('refused', ['on', 'off'], False),
    ],
)
def test_when_waiting_is_in_vain(outcome: str, readings: list[str], failed: bool) -> None:
    one = switching()
    asked(one, outcome)
    for state in readings:
        reads(one, state)
    assert one.failed(BEGAN + 1.0) is failed


def test_a_human_who_refuses_to_be_a_device_costs_no_time() -> None:
    """Such a driver knows no power state, and only says what a human is to do."""
    one = switching()
    asked(one, 'refused', before='unknown')
    reads(one, 'unknown')
    reads(one, 'unknown')
    assert one.failed(BEGAN + 1.0)


def test_nothing_is_in_vain_while_attempts_are_left() -> None:
    one = switching(attempts=2)
    asked(one, 'unanswered')
    reads(one, 'away')
    reads(one, 'away')
    assert not one.failed(BEGAN + 1.0)
    asked(one, 'unanswered')
    assert not one.failed(BEGAN + 1.0)  # the new request has not been looked at
    reads(one, 'away')
    reads(one, 'away')
    assert one.failed(BEGAN + 1.0)


def test_off_counts_when_it_has_lasted() -> None:
    one = switching(off_wait=5.0, off_timeout=10.0)
    asked(one)
    reads(one, 'off', 9.0)
    assert not one.counts(BEGAN + 13.9)
    assert not one.failed(BEGAN + 13.9)  # it read OFF within its total
    assert one.next_in(BEGAN + 10.0) == 4.0
    assert one.counts(BEGAN + 14.0)


def test_the_off_wait_begins_anew_when_it_reads_something_else() -> None:
    one = switching(off_wait=5.0)
    asked(one)
    reads(one, 'off', 1.0)
    reads(one, 'unknown', 3.0)
    assert not one.counts(BEGAN + 6.0)
    reads(one, 'off', 6.0)
    assert not one.counts(BEGAN + 10.9)
    assert one.counts(BEGAN + 11.0)


def test_without_an_off_wait_off_counts_at_once() -> None:
    one = switching()
    asked(one)
    reads(one, 'off')
    assert one.counts(BEGAN)
    assert one.next_in(BEGAN) is None


def test_one_that_was_off_and_comes_on_is_asked() -> None:
    one = switching()
    one.begin(BEGAN)
    reads(one, 'off')
    assert not one.due(BEGAN + 1.0)
    reads(one, 'on', 2.0)
    assert one.due(BEGAN + 2.0)
    assert one.in_doubt


def test_one_that_comes_on_again_is_asked_at_once() -> None:
    one = switching(attempts=2, off_timeout=60.0)
    asked(one)
    reads(one, 'off', 1.0)
    reads(one, 'on', 2.0)
    assert one.due(BEGAN + 2.0)
    asked(one, at=2.0)
    reads(one, 'on', 2.5)
    assert not one.due(BEGAN + 3.0)


@pytest.mark.parametrize(
    ('outcome', 'state', 'doubt'),
    [
        ('accepted', 'on', False),
        ('refused', 'on', True),
        ('unanswered', 'away', True),
        ('unanswered', 'off', False),
    ],
)
def test_what_is_in_doubt(outcome: str, state: str, doubt: bool) -> None:
    one = switching()
    assert not one.in_doubt  # it is not its turn yet
    asked(one, outcome)
    reads(one, state)
    assert one.in_doubt is doubt


def test_what_it_says() -> None:
    one = switching(attempts=2)
    assert one.sentence() == 'bmc was not asked'
    asked(one)
    reads(one, 'on')
    assert one.sentence() == 'bmc reads on'
    asked(one)
    assert one.sentence() == 'bmc reads on (asked 2 times)'
