"""Each test has a scene of its own, and toys to run in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.recovery.board.toys import Theatre
from tests.unit.recovery.claims.scene import Scene, scene


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path) as made:
        yield made


@pytest.fixture
def theatre(here: Scene) -> Theatre:
    return Theatre(here)
