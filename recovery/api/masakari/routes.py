"""Routes below /v1, each of them also below /v1/{project_id}."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import flask
from werkzeug.routing import BaseConverter

from recovery.api.caller import caller
from recovery.api.faults import Fault
from recovery.api.masakari.microversion import FIRST
from recovery.site import Site

Views = dict[str, Callable[..., Any]]
PROJECT = 'url_project'  #: where a request keeps the project of its URL

#: Paths of other rooms: what is unknown there is no question about versions.
OTHERS = (FIRST, 'alarms', 'healthcheck', 'recovery', 'static', 'ui')


def blueprint(site: Site) -> flask.Blueprint:
    """An empty one that knows both forms of paths."""
    made = flask.Blueprint('masakari', __name__)

    class Project(BaseConverter):
        regex = site.conf.api.project_id_regex

    class Elsewhere(BaseConverter):
        part_isolating = False
        regex = rf'(?!(?:{"|".join(OTHERS)})(?:/|\Z))[^/].*?'
        weight = 1000

    def prepare(state: Any) -> None:
        state.app.url_map.converters.update(project_id=Project, elsewhere=Elsewhere)

    made.record(prepare)

    @made.url_value_preprocessor
    def keep(endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values is not None and PROJECT in values:
            flask.g.url_project = values.pop(PROJECT)

    made.before_request(_refuse_other_project)
    return made


def add(made: flask.Blueprint, rule: str, **views: Callable[..., Any]) -> None:
    """A resource, by its path below the version and its views by method in lower case."""
    for method, view in views.items():
        name = f'{method}_{re.sub("[^a-z]+", "_", rule)}'
        for prefix in (f'/{FIRST}', f'/{FIRST}/<project_id:{PROJECT}>'):
            made.add_url_rule(prefix + rule, name, view, methods=[method.upper()])


def _refuse_other_project() -> None:
    given = flask.g.get(PROJECT)
    if given is None:
        return
    own = caller().project
    if own is not None and own != given:
        raise Fault(
            400,
            f'Malformed request URL: it names project {given[:64]}, and the token is of {own}.',
        )
