"""Kill the worker everywhere: the end is the same, and no rule is broken (S31, H25)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest

from tests.crash.sweep import GATES, OUTLETS, SPARES, End, Point, clean, killed

#: The numbers of points may not fall: fewer would mean that the sweep sees less.
LEAST = {
    'host-down': 220,
    'host-return': 290,
    'instance-down': 110,
    'service-down': 160,
    f'host-down{OUTLETS}': 335,
    f'host-return{OUTLETS}': 325,
    f'host-down{GATES}': 290,
    f'host-return{GATES}': 370,
    f'host-down{SPARES}': 600,
}
#: Of them between the answers of witnesses and channels of life.
LEAST_ASKED = {f'host-down{GATES}': 33, f'host-return{GATES}': 36}
#: Scenes of which a share of the points is enough: the other steps are those of other scenes.
SHARE = {
    'host-return': 3,
    'instance-down': 5,
    'service-down': 7,
    f'host-down{OUTLETS}': 9,
    f'host-return{OUTLETS}': 19,
    f'host-down{GATES}': 23,
    f'host-return{GATES}': 37,
    f'host-down{SPARES}': 23,
}
#: Of the points between answers those of a recovery are all played; a return fences nobody.
SHARE_ASKED = {f'host-return{GATES}': 5}
FLOWS = tuple(LEAST)


@cache
def _clean(flow: str) -> tuple[End, tuple[Point, ...]]:
    end, points = clean(flow)
    return end, tuple(points)


def _played(flow: str) -> list[Point]:
    """The points of a flow that are played: with RECOVERY_CRASH_SHARE=1 all of them."""
    share = int(os.environ.get('RECOVERY_CRASH_SHARE', SHARE.get(flow, 1)))
    share_asked = min(share, SHARE_ASKED.get(flow, 1))
    asked = [one for one in _clean(flow)[1] if one.asked]
    others = [one for one in _clean(flow)[1] if not one.asked]
    return [*others[::share], *asked[::share_asked]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if 'point' in metafunc.fixturenames:
        every = int(os.environ.get('RECOVERY_CRASH_EVERY', '1'))
        points = [point for flow in FLOWS for point in _played(flow)][::every]
        metafunc.parametrize('point', points, ids=map(str, points))


@pytest.mark.parametrize('flow', FLOWS)
def test_the_sweep_sees_enough(flow: str, record_property: Callable[[str, object], None]) -> None:
    end, points = _clean(flow)
    kinds = Counter(point.what for point in points)
    asked, played = sum(bool(point.asked) for point in points), len(_played(flow))
    record_property(
        'points',
        f'{flow}, in one process: {len(points)}; '
        f'{kinds["request"]} moments of requests, {kinds["commit"]} sides of commits; '
        f'{asked} of them between the answers of witnesses and channels, {played} played',
    )
    assert len(points) >= LEAST[flow]
    assert asked >= LEAST_ASKED.get(flow, 0)
    assert end.state == 'done'


def test_killed_here_it_ends_the_same(point: Point) -> None:
    end, broken, story = killed(point)
    expected, _points = _clean(point.flow)
    assert broken == [], story
    assert end == expected, story
