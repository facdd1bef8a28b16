"""An operator of a site without a cloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.recovery.cli.site import Operator, operator


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Operator]:
    with operator(tmp_path) as found:
        yield found
