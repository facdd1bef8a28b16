"""Extensions: a list that never changes, for clients that ask whether there is one."""

from __future__ import annotations

from typing import Any

import flask

from recovery.api.faults import Fault

#: By alias: name and description.
KNOWN = {
    'extensions': ('Extensions', 'Which extensions there are.'),
    'notifications': ('Notifications', 'What monitors report, and what became of it.'),
    'os-hosts': ('Hosts', 'The hosts of a segment.'),
    'segments': ('Segments', 'Hosts that are recovered by one method.'),
    'versions': ('Versions', 'The version of the API.'),
    'vmoves': ('vmoves', 'The instances that a recovery moves.'),
}


def index() -> Any:
    """GET /v1/extensions"""
    return flask.jsonify(extensions=[_shown(alias) for alias in KNOWN])


def show(alias: str) -> Any:
    """GET /v1/extensions/{alias}"""
    if alias not in KNOWN:
        raise Fault(404, f'There is no extension {alias[:60]}.')
    return flask.jsonify(extension=_shown(alias))


def _shown(alias: str) -> dict[str, Any]:
    name, description = KNOWN[alias]
    more: dict[str, Any] = {'namespace': '', 'updated': '', 'links': []}
    return {'name': name, 'alias': alias, 'description': description, **more}
