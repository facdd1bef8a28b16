"""Trying levels: in order, each by what is read back, never by what was accepted (S3, S18)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import pytest

from drivers.contracts.fencing import FenceLevel, FencePath
from flows.fencing.levels import Fencer
from flows.ports import Claim, Ledger, Line
from tests.unit.flows.devices import Clock, Device, device


class Acts:
    """A claim and a ledger that allow everything and remember it."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.lines: list[object] = []
        self.read_back: list[str] = []
        self.told: list[str] = []

    def check(self) -> None:
        pass

    @contextmanager
    def act(
        self, action: str, target: str, *, observed: Mapping[str, Any], within: float,
        line: Line | None = None,
    ) -> Iterator[Any]:  # fmt: skip
        self.done.append((target, observed['power']))
        self.lines.append(line)
        acts = self

        class Act:
            timeout = within

            def read_back(self, outcome: str) -> None:
                acts.read_back.append(outcome)

        yield Act()

    def event(self, what: str, why: str = '') -> None:
        self.told.append(what)


def fence(clock: Clock, *levels: tuple[Device, ...]) -> tuple[FenceLevel | None, Fencer, Acts]:
    acts = Acts()
    path = FencePath(
        'compute-02',
        tuple(
            FenceLevel(
                number,
                tuple(device(one, f'{number}{place}') for place, one in enumerate(members)),
            )
            for number, members in enumerate(levels, 1)
        ),
    )
    fencer = Fencer(
        path,
        claim=cast(Claim, acts),
        ledger=cast(Ledger, acts),
        clock=clock,
        line=lambda: cast(Line, 'the line'),
        poll_seconds=0.5,
    )
    return fencer.fence(), fencer, acts


def test_asked_once_and_read_back() -> None:
    clock = Clock()
    power = Device(clock, 'on', 'on', 'unknown', 'off')
    level, _fencer, acts = fence(clock, (power,))
    assert level is not None
    assert level.number == 1
    assert power.requests == ['off']
    assert acts.done == [('10', 'on')]
    assert acts.read_back == ['accepted']


def test_one_that_is_off_already_is_not_asked() -> None:
    clock = Clock()
    power = Device(clock, 'off')
    level, _fencer, acts = fence(clock, (power,))
    assert level is not None
    assert power.requests == []
    assert acts.done == [('10', 'off')]  # the intent is recorded all the same: it is the line


def test_accepted_is_not_off() -> None:
    clock = Clock()
    level, fencer, _acts = fence(clock, (Device(clock, 'on'),))
    assert level is None
    assert fencer.failures == ['level 1: 10 reads on']
    assert fencer.reached
    assert clock.time >= 20.0


def test_all_devices_of_a_level_must_be_off() -> None:
    clock = Clock()
    level, _fencer, _acts = fence(clock, (Device(clock, 'off'), Device(clock, 'on')))
    assert level is None


@pytest.mark.parametrize('takes', ['away', 'refused'])
def test_the_next_level_follows(takes: str) -> None:
    clock = Clock()
    first, second = Device(clock, 'on', takes=takes), Device(clock, 'on', 'off')
    level, fencer, acts = fence(clock, (first,), (second,))
    assert level is not None
    assert level.number == 2
    assert second.requests == ['off']
    assert len(fencer.failures) == 1
    assert 'level failed' in acts.told


def test_one_that_is_silent_is_given_up_early() -> None:
    clock = Clock()
    dead = Device(clock, 'away', takes='away')
    level, fencer, _acts = fence(clock, (dead,))
    assert level is None
    assert not fencer.reached
    assert clock.time < 20.0


def test_one_that_took_no_answer_and_is_off_counts() -> None:
    clock = Clock()
    level, _fencer, _acts = fence(clock, (Device(clock, 'on', 'off', takes='away'),))
    assert level is not None


def test_the_line_is_asked_with_the_first_request_only() -> None:
    clock = Clock()
    _level, _fencer, acts = fence(clock, (Device(clock, 'on'),), (Device(clock, 'on', 'off'),))
    assert acts.lines == ['the line', None]
