"""Fixtures for the tests on a real Nova: the cloud is whole before and after each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.databases import database
from tests.integration.real_nova import Cloud
from tests.integration.real_site import Site

MakeSite = Callable[..., Site]


class Sides(LoadScopeScheduling):
    """What needs the one real cloud runs one after the other, and mostly waits: all the rest has
    another process meanwhile."""

    def _split_scope(self, nodeid: str) -> str:
        return 'cloud' if '/test_real_' in nodeid else 'rest'


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sides:
    return Sides(config, log)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """A real Nova with every host in service."""
    found = Cloud()
    found.restore()
    yield found
    found.restore()


@pytest.fixture
def make_site(cloud: Cloud, tmp_path: Path) -> Iterator[MakeSite]:
    """Makes a site on a database of that kind; its processes end before the cloud is restored."""
    with ExitStack() as stack:

        def make(kind: str = 'sqlite', **options: Any) -> Site:
            url = stack.enter_context(database(kind, tmp_path))
            site = Site(tmp_path, cloud, url, options)
            stack.callback(site.close)
            return site

        yield make


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """A site on SQLite with a worker and a watcher."""
    made = make_site()
    made.start('worker')
    made.start('watcher')
    return made
