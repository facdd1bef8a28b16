"""Kill the worker everywhere: the end is the same, and no rule is broken (S31, H25)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest

from tests.crash.sweep import OUTLETS, End, Point, clean, killed

#: The numbers of points may not fall: fewer would mean that the sweep sees less.
LEAST = {
    'host-down': 220,
    'host-return': 290,
    f'host-down{OUTLETS}': 335,
    f'host-return{OUTLETS}': 325,
}
#: Scenes of which a share of the points is enough: the steps around the power are those of others.
SHARE = {f'host-down{OUTLETS}': 5, f'host-return{OUTLETS}': 11}
FLOWS = tuple(LEAST)


@cache
def _clean(flow: str) -> tuple[End, tuple[Point, ...]]:
    end, points = clean(flow)
    return end, tuple(points)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if 'point' in metafunc.fixturenames:
        every = int(os.environ.get('RECOVERY_CRASH_EVERY', '1'))
        points = [point for flow in FLOWS for point in _clean(flow)[1][:: SHARE.get(flow, 1)]]
        points = points[::every]
        metafunc.parametrize('point', points, ids=map(str, points))


@pytest.mark.parametrize('flow', FLOWS)
def test_the_sweep_sees_enough(flow: str, record_property: Callable[[str, object], None]) -> None:
    end, points = _clean(flow)
    kinds = Counter(point.what for point in points)
    record_property(
        'points',
        f'{flow}, in one process: {len(points)}; '
        f'{kinds["request"]} moments of requests, {kinds["commit"]} sides of commits',
    )
    assert len(points) >= LEAST[flow]
    assert end.state == 'done'


def test_killed_here_it_ends_the_same(point: Point) -> None:
    end, broken, story = killed(point)
    expected, _points = _clean(point.flow)
    assert broken == [], story
    assert end == expected, story
