"""A site that remembers something, and somebody who reads its page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from drivers.clock import SystemClock
from recovery import plugins
from recovery.api import app
from recovery.cli import options
from tests.unit.recovery.cli.site import Operator, operator


class Reader:
    """Who reads, and the site that she reads about."""

    def __init__(self, run: Operator, folder: Path) -> None:
        self.run = run
        conf = options.load([str(folder / 'recovery.conf')], [], {})
        for name, value in (('auth', 'noauth'), ('ui_without_token', True)):
            conf.set_override(name, value, 'api')
        self.site = plugins.open_site(conf, SystemClock(), kind='api')
        self.client = Client(app.build(self.site))

    def get(self, path: str = '', **headers: str) -> TestResponse:
        named = {name.replace('_', '-'): value for name, value in headers.items()}
        return self.client.get(f'/ui{path}', headers=named)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    monkeypatch.setenv('SUDO_USER', 'bob')
    with operator(tmp_path) as run:
        found = Reader(run, tmp_path)
        yield found
        found.site.store.close()
