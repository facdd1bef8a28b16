"""A stage with a bus that is a list, or the one that oslo.messaging keeps in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stage import Stage, play


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Three hosts; a parameter is the options of the site."""
    conf = getattr(request, 'param', {})
    with play(hosts=3, instances=3, conf=conf) as made:
        yield made
