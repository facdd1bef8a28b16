from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from drivers.inventory.file import FileInventory
from tests.unit.drivers.inventory.inventories import DRIVERS, Make


@pytest.fixture
def make(tmp_path: Path) -> Make:
    file = tmp_path / 'fencing.yaml'

    def write(text: str) -> FileInventory:
        file.write_text(dedent(text))
        file.chmod(0o600)
        return FileInventory(file, DRIVERS)

    return write
