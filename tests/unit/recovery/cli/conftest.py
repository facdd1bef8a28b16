"""Operators of a site, with a cloud and without."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.simulated.world import World
from tests.unit.recovery.cli.site import Operator, cloud, operator


@pytest.fixture(autouse=True)
def _no_configuration_of_the_caller(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    monkeypatch.delenv('RECOVERY_CONFIG', raising=False)
    monkeypatch.setenv('SUDO_USER', 'bob')
    monkeypatch.setenv('HOME', str(tmp_path))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Operator]:
    with operator(tmp_path) as found:
        yield found


@dataclass
class Site:
    """A cloud, and somebody who types commands at it."""

    world: World
    run: Operator


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with cloud(tmp_path) as (world, options), operator(tmp_path, options) as found:
        yield Site(world, found)
