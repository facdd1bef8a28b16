"""The whole application of a site of its own, asked in process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
from oslo_config import cfg
from werkzeug.test import Client, TestResponse

from drivers.contracts.clock import Clock
from drivers.simulated.clock import VirtualClock
from recovery import conf as groups
from recovery import plugins
from recovery.api import app, rooms
from recovery.api.caller import ENVIRON
from recovery.operate.callers import Caller
from recovery.site import Site
from tests.unit.recovery.claims.scene import empty

ADMIN = Caller('ann', ('admin', 'member', 'reader'), 'p' * 32, 'u' * 32)


def site(folder: Path, clock: Clock | None = None, **options: Any) -> Site:
    """A site with an empty database.

    :param options: of the group [api], or GROUP__OPTION.
    """
    (folder / 'recovery.sqlite').write_bytes(empty())
    conf = cfg.ConfigOpts()
    groups.register(conf)
    conf([], default_config_files=[], default_config_dirs=[])
    given = {'database__connection': f'sqlite:///{folder}/recovery.sqlite', 'auth': 'noauth'}
    for name, value in (given | options).items():
        group, _, option = name.rpartition('__')
        conf.set_override(option, value, group or 'api')
    return plugins.open_site(conf, clock or VirtualClock(), kind='api')


def whole(here: Site) -> Client:
    """The whole stack, as a server calls it."""
    return Client(app.build(here))


def room(*views: tuple[str, str, Callable[..., Any]]) -> rooms.Room:
    """A room of (method, path, view)."""

    def make(_site: Site) -> flask.Blueprint:
        blueprint = flask.Blueprint('toys', __name__)
        for number, (method, path, view) in enumerate(views):
            blueprint.add_url_rule(path, f'toy{number}', view, methods=[method])
        return blueprint

    return make


class Inside:
    """The application behind its door: who calls is said by the test."""

    def __init__(self, here: Site, by: Caller | None = ADMIN) -> None:
        self.app = app.inner(here)
        self.by = by

    def ask(self, method: str, path: str, *, by: Caller | None = None, **more: Any) -> TestResponse:
        who = by or self.by
        environ = {ENVIRON: who} if who else {}
        client = Client(self.app)
        return client.open(path, method=method, environ_overrides=environ, **more)


def said(response: TestResponse) -> tuple[str, str]:
    """Name and message of an error, after a look at its shape."""
    ((name, inner),) = response.get_json().items()
    assert inner['code'] == response.status_code
    return str(name), str(inner['message'])
