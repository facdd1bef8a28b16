"""Whatever the document allows or forbids: no error of ours, and no answer it does not name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from werkzeug.test import Client

from drivers.clock import SystemClock
from recovery import plugins
from recovery.api import app
from recovery.api.caller import ENVIRON
from recovery.api.faults import Fault, text
from recovery.api.native.route import Route
from recovery.api.native.table import PREFIX, ROUTES
from recovery.cli import options
from recovery.operate.callers import Caller
from tests.unit.recovery.cli.site import cloud, operator

TOKEN, RIGHT = 'X-Auth-Token', 'right'
EXPLORE = os.environ.get('HYPOTHESIS_PROFILE') == 'explore'
EXAMPLES = 100 if EXPLORE else 5


@pytest.fixture(scope='module')
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The schema of an application with a little of everything in its database."""
    folder: Path = tmp_path_factory.mktemp('site')
    with cloud(folder) as (_world, more), operator(folder, more) as run:
        held = run.recovery('compute-01', 'held', id='a' * 36, next_check=9e9, code='held')
        run.item(held, 'vm', 'failed')
        run.recovery('compute-02', 'done-with-failures')
        conf = options.load([str(run.config)], [], {})
        site = plugins.open_site(conf, SystemClock(), run.store)
        client = Client(behind_door(app.inner(site)))
        found = client.get(f'{PREFIX}/openapi.json', headers={TOKEN: RIGHT}).get_json()
        schema = schemathesis.openapi.from_dict(found)
        schema.app = client.application
        schema.auth()(Token)
        yield schema


def behind_door(inside: Any) -> Any:
    """The application as Keystone's middleware lets callers in: one token is right."""

    def application(environ: dict[str, Any], start: Any) -> Any:
        if environ.get('HTTP_X_AUTH_TOKEN') != RIGHT:
            start('401 Unauthorized', [('Content-Type', 'application/json')])
            return [text(Fault(401, 'who are you')).encode()]
        environ[ENVIRON] = Caller('carol', ('admin',))
        return inside(environ, start)

    return application


class Token:
    """How the tool comes by its token."""

    def get(self, _case: Any, _context: Any) -> str:
        return RIGHT

    def set(self, case: Any, data: str, _context: Any) -> None:
        case.headers[TOKEN] = data


@pytest.mark.parametrize('mode', list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize('route', ROUTES, ids=lambda route: route.name)
def test_every_route_keeps_its_word(
    asked: Any, route: Route, mode: schemathesis.GenerationMode
) -> None:
    operation = asked[PREFIX + route.path][route.method]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not EXPLORE,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode, auth_storage=asked.auth))
    def ask(case: Any) -> None:
        case.call_and_validate()

    try:
        ask()
    except Unsatisfiable:
        assert mode is schemathesis.GenerationMode.NEGATIVE  # it takes nothing that could be bad
