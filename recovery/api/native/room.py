"""The blueprint: every route of the table, its request checked by what the table says."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import flask

from recovery.api.body import check, json_body
from recovery.api.caller import READ, needs
from recovery.api.faults import Fault
from recovery.api.native.openapi import PATH, document
from recovery.api.native.route import Call, Route, Schema, Text
from recovery.api.native.table import PREFIX, ROUTES
from recovery.intake import BadAlarm
from recovery.operate.refusal import Nothing
from recovery.site import Site
from recovery.view.ids import Ambiguous, Unknown

IDS = frozenset({'recovery', 'alarm', 'window'})  #: what is malformed is not there: 404
NAMES: Schema = {'properties': PATH}
READS = frozenset({'plan_host'})  #: posts that write nothing
FLAGS = {'true': True, 'false': False, '1': True, '0': False}


def room(site: Site) -> flask.Blueprint:
    """Everything below /recovery/v1."""
    blueprint = flask.Blueprint('native', __name__, url_prefix=PREFIX)
    for route in ROUTES:
        rule = route.path.replace('{', '<').replace('}', '>')
        blueprint.add_url_rule(rule, route.name, _view(site, route), methods=[route.method])
    said = document()
    blueprint.add_url_rule('/openapi.json', 'openapi', lambda: said)
    return blueprint


def _view(site: Site, route: Route) -> Any:
    def view(**path: str) -> Any:
        check({name: text for name, text in path.items() if name not in IDS}, NAMES)
        call = Call(site, path, query(route), _body(route))
        return _answer(route, _ask(route, call))

    return needs(READ)(view) if route.name in READS else view


def _ask(route: Route, call: Call) -> Any:
    """What the view returns; errors of ours as Faults, others as the application has them."""
    try:
        return route.view(call)
    except Ambiguous as error:
        raise Fault(409, str(error)) from error
    except Unknown as error:
        raise Fault(404, str(error)) from error
    except Nothing as refusal:
        raise Fault(404, refusal.sentence, verb=refusal.verb) from refusal
    except BadAlarm as error:
        raise Fault(400, str(error)) from error


def _answer(route: Route, found: Any) -> flask.Response:
    if isinstance(found, Text):
        return flask.Response(found.text, route.status, mimetype=found.mimetype)
    response = flask.jsonify(found)
    response.status_code = route.status
    return response


def _body(route: Route) -> Mapping[str, Any]:
    if not route.actions:
        return {} if route.body is None else json_body(route.body)
    found = json_body(_named(tuple(route.actions)))
    check(found, route.actions[found['action']])  # one complaint, about the action that is meant
    return found


@functools.cache
def _named(actions: tuple[str, ...]) -> Schema:
    return {
        'type': 'object',
        'properties': {'action': {'enum': list(actions)}},
        'required': ['action'],
    }


def query(route: Route) -> dict[str, Any]:
    """What the query of this request says. Raises Fault (400)."""
    arguments, found = flask.request.args, dict[str, Any]()
    for name, given in arguments.lists():
        schema = route.query.get(name)
        if schema is None:
            known = ', '.join(route.query) or 'none'
            raise Fault(400, f'There is no parameter {name[:60]!r} here; there are: {known}.')
        if schema.get('type') == 'array':
            value: Any = given
        elif len(given) > 1:
            raise Fault(400, f'The parameter {name} may be given once.')
        else:
            value = _read(given[0], schema)
        check({name: value}, {'properties': {name: schema}})
        found[name] = value
    for name, schema in route.query.items():
        if 'default' in schema:
            found.setdefault(name, schema['default'])
    return found


def _read(text: str, schema: Schema) -> Any:
    """A parameter as its type; text that it cannot be stays text, for the schema to refuse."""
    if schema.get('type') == 'integer' and text.isascii() and len(text) < 19:
        digits = text.removeprefix('-')
        return int(text) if digits.isdigit() else text
    if schema.get('type') == 'boolean':
        return FLAGS.get(text.lower(), text)
    return text
