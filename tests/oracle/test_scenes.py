"""Played as the product is, no scene breaks any rule."""

from __future__ import annotations

import pytest

from tests.oracle import approved, comebacks, outlets, pauses, scenes, spares
from tests.oracle.scenes import Scene

SCENES = [
    one
    for module in (scenes, approved, comebacks, outlets, pauses, spares)
    for one in vars(module).values()
    if isinstance(one, Scene)
]


@pytest.mark.parametrize('scene', SCENES, ids=lambda scene: str(scene.name))
def test_nothing_is_broken(scene: Scene) -> None:
    assert [str(one) for one in scene.played()] == []
