"""/healthcheck: whether this process can answer, told truthfully and to everybody."""

from __future__ import annotations

from pathlib import Path

import flask

from flows.stop import StoreAway
from recovery.api.caller import needs
from recovery.db import revision
from recovery.site import Site

TEXT = 'text/plain'


def room(site: Site) -> flask.Blueprint:
    """An application would do, but never oslo.middleware's filter, which answers every URL."""
    blueprint = flask.Blueprint('health', __name__)

    @blueprint.get('/healthcheck')
    @needs('')
    def healthcheck() -> flask.Response:
        status, text = look(site)
        response = flask.Response(f'{text}\n', status, mimetype=TEXT)
        response.headers['Cache-Control'] = 'no-store'
        return response

    return blueprint


def look(site: Site) -> tuple[int, str]:
    """Status and words; the words of a database that is away stay in the log."""
    disabled = site.conf.api.disable_by_file
    if disabled and Path(disabled).exists():
        return 503, 'DISABLED BY FILE'
    try:
        with site.store.read() as connection:
            found = revision.stored(connection)
    except StoreAway:
        return 503, 'DATABASE AWAY'
    return (200, 'OK') if found else (503, 'DATABASE WITHOUT TABLES')
