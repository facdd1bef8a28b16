"""Stop a worker everywhere: no rule is broken, and who is back is not fenced (S7, S9)."""

from __future__ import annotations

import os
from functools import cache

import pytest

from tests.crash.freezes import Freeze, back, dead, of_a_dead_host, of_a_host_that_is_back
from tests.crash.sweep import HOST, End

#: The numbers of moments may not fall: fewer would mean that the sweep sees less.
LEAST_DEAD, LEAST_BACK = 60, 20
#: Of the moments of a dead host a share is enough: there is a sweep of deaths, too.
SHARE = 3
#: Seconds from the alarm: who is stopped has asked already, or Nova still sees the host down.
BACK_AFTER = (1.0, 25.0)


@cache
def _dead() -> tuple[End, list[Freeze]]:
    return of_a_dead_host()


@cache
def _back() -> list[Freeze]:
    return of_a_host_that_is_back()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if 'died' in metafunc.fixturenames:
        share = int(os.environ.get('RECOVERY_CRASH_SHARE', SHARE))
        metafunc.parametrize('died', _dead()[1][::share], ids=str)
    if 'returned' in metafunc.fixturenames:
        metafunc.parametrize('returned', _back(), ids=str)


def test_the_sweep_sees_enough() -> None:
    assert len(_dead()[1]) >= LEAST_DEAD
    assert len(_back()) >= LEAST_BACK


def test_who_was_stopped_does_nothing_twice(died: Freeze) -> None:
    end, broken, story = dead(died)
    assert broken == [], story
    assert end == _dead()[0], story


@pytest.mark.parametrize('after', BACK_AFTER)
def test_who_is_back_is_not_fenced(returned: Freeze, after: float) -> None:
    end, broken, story = back(returned, after)
    assert broken == [], story
    assert (HOST, True, False, True) in end.flags, story
