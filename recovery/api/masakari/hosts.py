"""/segments/{uuid}/hosts: the hosts of a segment."""

from __future__ import annotations

from typing import Any

import flask

from recovery.api import paging
from recovery.api.body import json_body
from recovery.api.caller import allow, caller
from recovery.api.masakari import schemas, views
from recovery.api.masakari.lists import listed
from recovery.api.masakari.refusals import refused
from recovery.api.masakari.words import asked_flag, asked_texts, flag
from recovery.db import hosts, members, segments
from recovery.operate import members as orders
from recovery.operate.segments import the
from recovery.site import Site

FLAGS = ('on_maintenance', 'reserved')
TEXTS = ('name', 'type', 'control_attributes')
ORDER, MAINTENANCE = 'host-set', 'host-maintenance'


class Hosts:
    """The views of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def index(self, segment: str) -> Any:
        """GET: 200"""
        filters: dict[str, Any] = dict(asked_texts(*TEXTS))
        filters |= {name: value for name in FLAGS if (value := asked_flag(name)) is not None}
        page = paging.page(members.COLUMNS, most=self._site.conf.api.max_limit)
        with refused(), listed(), self._site.store.read() as connection:
            owner = the(connection, segment)
            found = members.page(connection, segment, filters, page)
        return flask.jsonify(hosts=[views.host(one, owner) for one in found])

    def create(self, segment: str) -> Any:
        """POST: 201"""
        self._allow(segment, ORDER)
        fields = _fields(json_body(schemas.host(create=True), key='host'))
        self._allow_taking(fields['name'])
        if fields.get('on_maintenance'):
            self._allow(segment, MAINTENANCE, fields['name'])
        with refused():
            made = orders.create(self._site, segment, fields, by=caller().name)
        return self._shown(segment, made.uuid), 201

    def show(self, segment: str, host: str) -> Any:
        """GET one: 200"""
        return self._shown(segment, host)

    def update(self, segment: str, host: str) -> Any:
        """PUT: 200"""
        self._allow(segment, ORDER)
        fields = _fields(json_body(schemas.host(create=False), key='host'))
        with refused(), self._site.store.read() as connection:
            _, known = orders.show(connection, segment, host)
        if fields.get('name', known.name) != known.name:
            self._allow_taking(fields['name'])
        if 'on_maintenance' in fields:
            self._allow(segment, MAINTENANCE, known.name)
        with refused():
            orders.change(self._site, segment, host, fields, by=caller().name)
        return self._shown(segment, host)

    def delete(self, segment: str, host: str) -> Any:
        """DELETE: 204"""
        self._allow(segment, ORDER)
        with refused():
            orders.remove(self._site, segment, host, by=caller().name)
        return '', 204

    def _shown(self, segment: str, host: str) -> flask.Response:
        with refused(), self._site.store.read() as connection:
            owner, found = orders.show(connection, segment, host)
        return flask.jsonify(host=views.host(found, owner))

    def _allow(self, segment: str, order: str, host: str = '') -> None:
        with self._site.store.read() as connection:
            found = segments.get(connection, segment)
        allow(order, host=host, segment=found.name if found is not None else None)

    def _allow_taking(self, host: str) -> None:
        """Out of the segment that has it by its label, or, with none, out of everybody's."""
        with self._site.store.read() as connection:
            label = hosts.get(connection, host).segment
        allow(ORDER, host=host, segment=label)


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    schemas.refuse_odd_names(body)
    return body | {name: flag(body[name]) for name in FLAGS if name in body}
