"""The blueprint: three pages, and what they look like."""

from __future__ import annotations

import hashlib
from typing import Any

import flask

from recovery.api.faults import Fault
from recovery.api.page import looks
from recovery.site import Site
from recovery.view import times
from recovery.view.ids import Unknown, short
from recovery.view.steps import GLYPHS

SAFE = {
    # Names of hosts and reasons come from outside: nothing but our own files may run or load.
    'Content-Security-Policy': "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-cache',
}


def room(site: Site) -> flask.Blueprint:
    """Everything below /ui."""
    blueprint = flask.Blueprint(
        'page',
        __name__,
        url_prefix='/ui',
        template_folder='templates',
        static_folder='static',
        static_url_path='/static',
    )
    page = Page(site)
    blueprint.add_url_rule('', 'overview', page.overview)
    blueprint.add_url_rule('/hosts/<name>', 'host', page.host)
    blueprint.add_url_rule('/recoveries/<given>', 'recovery', page.recovery)
    blueprint.add_url_rule('/recoveries/<given>/graph.svg', 'graph', page.graph)
    blueprint.after_request(_safe)
    return blueprint


class Page:
    """The pages of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def overview(self) -> flask.Response:
        """GET /ui"""
        return self._page('overview.html', look=looks.overview(self._site))

    def host(self, name: str) -> flask.Response:
        """GET /ui/hosts/NAME"""
        return self._found('host.html', lambda: looks.host(self._site, name))

    def recovery(self, given: str) -> flask.Response:
        """GET /ui/recoveries/ID"""
        return self._found('recovery.html', lambda: looks.recovery(self._site, given))

    def graph(self, given: str) -> flask.Response:
        """GET /ui/recoveries/ID/graph.svg"""
        try:
            lines = looks.graph(self._site, given)
        except Unknown as error:
            raise Fault(404, str(error)) from error
        return _once(flask.Response('\n'.join(lines), mimetype='image/svg+xml'))

    def _found(self, template: str, look: Any) -> flask.Response:
        try:
            found = look()
        except Unknown as error:
            return self._page('unknown.html', 404, sentence=str(error))
        return self._page(template, look=found)

    def _page(self, template: str, status: int = 200, **values: Any) -> flask.Response:
        now = self._site.clock.now()
        text = flask.render_template(
            f'page/{template}',
            now=now,
            glyphs=GLYPHS,
            moment=times.moment,
            ago=lambda at: times.span(None if at is None else now - at),
            span=times.span,
            short=short,
            **values,
        )
        return _once(flask.Response(text, status, mimetype='text/html'))


def _once(response: flask.Response) -> flask.Response:
    """What the reader has already is not sent again."""
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32], weak=True)
    return response.make_conditional(flask.request)  # type: ignore[return-value]


def _safe(response: flask.Response) -> flask.Response:
    response.headers.update(SAFE)
    if response.mimetype == 'image/svg+xml':
        response.headers['Content-Security-Policy'] = "default-src 'none'"
    return response
