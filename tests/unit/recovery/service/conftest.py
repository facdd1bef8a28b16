"""A scene, or a whole stage with a simulated cloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stage import Stage, play
from tests.unit.recovery.claims.scene import Scene, scene


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path) as made:
        yield made


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Three empty hosts; a parameter is the options of the site."""
    conf = getattr(request, 'param', {})
    with play(hosts=3, instances=0, conf=conf) as made:
        yield made
