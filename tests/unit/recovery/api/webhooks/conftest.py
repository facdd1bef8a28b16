"""A site with sources of alarms, in front of a simulated cloud."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg
from werkzeug.test import Client, TestResponse

from recovery.api import app as api
from recovery.site import Site
from tests.unit.recovery.api.webhooks.posting import (
    BEARER,
    KEY,
    SEAL,
    SOURCES,
    TOKEN,
    Post,
)

# A site in front of a simulated cloud.
from tests.unit.recovery.intake.conftest import (  # noqa: F401
    app,
    clock,
    conf,
    dead,
    site,
    store,
    world,
)


@pytest.fixture
def sources(conf: cfg.ConfigOpts, tmp_path: Path) -> Path:  # noqa: F811
    for name, secret in (('token', TOKEN), ('key', KEY), ('key2', SEAL)):
        (tmp_path / name).write_text(f'{secret}\n')
        (tmp_path / name).chmod(0o640)
    (tmp_path / 'sources.yaml').write_text(SOURCES)
    conf.set_override('file', str(tmp_path / 'sources.yaml'), 'sources')
    conf.set_override('auth', 'keystone', 'api')
    return tmp_path


@pytest.fixture
def client(site: Site, sources: Path) -> Client:  # noqa: F811
    return Client(api.inner(site))


@pytest.fixture
def post(client: Client) -> Post:
    def send(body: Any, source: str = 'am', **more: Any) -> TestResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(f'/alarms/{source}', data=data, **({'headers': BEARER} | more))

    return send
