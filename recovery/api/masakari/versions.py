"""What versions there are: asked before anything else, by every client."""

from __future__ import annotations

from typing import Any

import flask
from werkzeug.exceptions import HTTPException

from recovery.api.caller import needs
from recovery.api.masakari.microversion import LEAST, MOST
from recovery.site import Site

MEDIA = {
    'base': 'application/json',
    'type': 'application/vnd.openstack.masakari+json;version=1',
}
UPDATED = '2016-07-01T11:33:21Z'  #: as Masakari says it


class Versions:
    """The documents of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    @needs('')
    def root(self) -> Any:
        """GET /"""
        if _wants_page():
            return flask.redirect('/ui')
        versions = [self._version() | {'links': [self._link('self', 'v1/')]}]
        return flask.jsonify(versions=versions)

    @needs('')
    def choices(self, elsewhere: str) -> Any:
        """GET anything that nobody knows"""
        choice = {
            'id': 'v1.0',
            'status': 'CURRENT',
            'links': [self._link('self', f'v1/{elsewhere}')],
            'media-types': [MEDIA],
        }
        return flask.jsonify(choices=[choice]), 300

    @needs('')
    def show(self) -> Any:
        """GET /v1"""
        described = {
            'rel': 'describedby',
            'type': 'text/html',
            'href': 'https://docs.openstack.org/',
        }
        links = [self._link('self', 'v1/'), described]
        version = self._version() | {'links': links, 'media-types': [MEDIA]}
        return flask.jsonify(version=version)

    def _version(self) -> dict[str, Any]:
        return {
            'id': 'v1.0',
            'status': 'CURRENT',
            'version': str(MOST),
            'min_version': str(LEAST),
            'updated': UPDATED,
        }

    def _link(self, rel: str, path: str) -> dict[str, str]:
        base = self._site.conf.api.link_prefix or flask.request.url_root
        return {'rel': rel, 'href': f'{base.rstrip("/")}/{path}'}


def _wants_page() -> bool:
    """Whether a browser asks, and there is a page to see."""
    accept = flask.request.accept_mimetypes
    if accept.best_match(['application/json', 'text/html']) != 'text/html':
        return False
    try:
        flask.current_app.url_map.bind('').match('/ui', method='GET')
    except HTTPException:
        return False
    return True
