"""/segments: groups of hosts that are recovered by one method."""

from __future__ import annotations

from typing import Any

import flask

from recovery.api import paging
from recovery.api.body import json_body
from recovery.api.caller import allow, caller
from recovery.api.masakari import schemas, views
from recovery.api.masakari.lists import listed
from recovery.api.masakari.microversion import current
from recovery.api.masakari.refusals import refused
from recovery.api.masakari.words import asked_flag, asked_texts, flag
from recovery.db import segments
from recovery.operate import segments as orders
from recovery.site import Site

ORDER = 'segment-set'


class Segments:
    """The views of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def index(self) -> Any:
        """GET: 200"""
        filters: dict[str, Any] = dict(asked_texts('recovery_method', 'service_type'))
        enabled = asked_flag('enabled')
        if enabled is not None:
            filters['enabled'] = enabled
        page = paging.page(segments.COLUMNS, most=self._site.conf.api.max_limit)
        with listed(), self._site.store.read() as connection:
            found = segments.page(connection, filters, page)
        return flask.jsonify(segments=[views.segment(one) for one in found])

    def create(self) -> Any:
        """POST: 201"""
        allow(ORDER)
        fields = _fields(json_body(schemas.segment(current(), create=True), key='segment'))
        with refused():
            made = orders.create(self._site.store, fields, by=caller().name)
        return flask.jsonify(segment=views.segment(made)), 201

    def show(self, segment: str) -> Any:
        """GET one: 200"""
        with refused(), self._site.store.read() as connection:
            found = orders.the(connection, segment)
        return flask.jsonify(segment=views.segment(found))

    def update(self, segment: str) -> Any:
        """PUT: 200"""
        self._allow(segment)
        fields = _fields(json_body(schemas.segment(current(), create=False), key='segment'))
        with refused():
            found = orders.change(self._site.store, segment, fields, by=caller().name)
        return flask.jsonify(segment=views.segment(found))

    def delete(self, segment: str) -> Any:
        """DELETE: 204"""
        self._allow(segment)
        with refused():
            orders.remove(self._site.store, segment, by=caller().name)
        return '', 204

    def _allow(self, segment: str) -> None:
        with self._site.store.read() as connection:
            found = segments.get(connection, segment)
        allow(ORDER, segment=found.name if found is not None else None)


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    schemas.refuse_odd_names(body)
    return body | ({'enabled': flag(body['enabled'])} if 'enabled' in body else {})
