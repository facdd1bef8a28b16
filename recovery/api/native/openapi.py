"""The OpenAPI document, made of the table of routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from recovery.api.native.answers import COMPONENTS
from recovery.api.native.route import Route
from recovery.api.native.schemas import HOST, ID, WORD, Schema
from recovery.api.native.table import PREFIX, ROUTES, version

JSON = 'application/json'
PATH: Mapping[str, Schema] = {
    'recovery': ID, 'alarm': ID, 'window': ID, 'host': HOST, 'worker': WORD, 'kind': WORD,
}  # fmt: skip
#: What every route may answer, and those with a body.
FAULTS = {
    400: 'the request is malformed, and the message says how',
    401: 'without a valid token',
    403: 'the rule that is named asks for another role',
    404: 'there is no such thing',
    409: 'it cannot be done now, or the id is the beginning of several; "verb" leads on',
    413: 'the body is too long',
    415: 'the body is no JSON',
    429: 'too many requests; Retry-After says when to ask again',
    503: 'the database, Nova or a device does not answer; ask again',
}
ALWAYS = (400, 401, 403, 429, 503)
BODY = (413, 415)


def document() -> dict[str, Any]:
    """The document, as it is served."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = operation(route)
    return {
        'openapi': '3.1.0',
        'info': {
            'title': 'openstack-recovery',
            'version': version(),
            'description': 'Recoveries of compute hosts: what commands show and order, as JSON.',
        },
        'paths': paths,
        'security': [{'keystone': []}],
        'components': {
            'schemas': dict(COMPONENTS),
            'securitySchemes': {
                'keystone': {'type': 'apiKey', 'in': 'header', 'name': 'X-Auth-Token'}
            },
        },
    }


def operation(route: Route) -> dict[str, Any]:
    """One route in the words of OpenAPI."""
    found: dict[str, Any] = {
        'operationId': route.name,
        'summary': route.about,
        'parameters': list(_parameters(route)),
        'responses': _responses(route),
    }
    if (schema := body(route)) is not None:
        found['requestBody'] = {'required': True, 'content': {JSON: {'schema': schema}}}
    return found


def body(route: Route) -> Schema | None:
    """The schema of a body; None: there is none."""
    if not route.actions:
        return route.body
    if len(route.actions) == 1:
        return next(iter(route.actions.values()))
    return {'oneOf': list(route.actions.values())}


def _parameters(route: Route) -> Iterator[dict[str, Any]]:
    for name in route.parameters:
        yield {'name': name, 'in': 'path', 'required': True, 'schema': PATH[name]}
    for name, schema in route.query.items():
        yield {'name': name, 'in': 'query', 'required': False, 'schema': schema}


def _responses(route: Route) -> dict[str, Any]:
    if route.types:
        content: dict[str, Any] = {kind: {'schema': {'type': 'string'}} for kind in route.types}
    else:
        content = {JSON: {'schema': route.answer}}
    fault = {JSON: {'schema': {'$ref': '#/components/schemas/Fault'}}}
    missing = (404,) if route.parameters else ()
    posted = BODY if body(route) is not None else ()
    statuses = {*ALWAYS, *missing, *posted, *route.faults}
    return {
        str(route.status): {'description': route.about, 'content': content},
        **{
            str(status): {'description': FAULTS[status], 'content': fault}
            for status in sorted(statuses)
        },
    }
