"""Sites for the application; each test has its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recovery.site import Site
from tests.unit.recovery.api import asking

Make = Callable[..., Site]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes sites with options."""
    made: list[Site] = []

    def one(**options: Any) -> Site:
        made.append(asking.site(tmp_path, **options))
        return made[-1]

    yield one
    for here in made:
        here.store.close()
