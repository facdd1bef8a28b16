"""Whoever types commands here is called ann."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _ann_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('SUDO_USER', 'ann')
