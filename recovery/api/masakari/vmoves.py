"""/notifications/{uuid}/vmoves: the instances of the recovery that a notification led to."""

from __future__ import annotations

from typing import Any

import flask

from recovery.api import paging
from recovery.api.faults import Fault
from recovery.api.masakari import views
from recovery.api.masakari.lists import listed
from recovery.api.masakari.notifications import the
from recovery.db.notifications import Notification
from recovery.operate.notify import COMPUTE_HOST
from recovery.site import Site
from recovery.view.notifications import COLUMNS, TYPE, move, moves


class VMoves:
    """The views of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def index(self, notification: str) -> Any:
        """GET: 200"""
        found, arguments = self._of(notification), flask.request.args
        page = paging.page(COLUMNS, most=self._site.conf.api.max_limit)
        if found.recovery is None or arguments.get('type', TYPE) != TYPE:
            return flask.jsonify(vmoves=[])
        with listed():
            rows = moves(self._site.store, found.recovery, page, arguments.get('status'))
        return flask.jsonify(vmoves=[views.vmove(one, found.uuid) for one in rows])

    def show(self, notification: str, vmove: str) -> Any:
        """GET one: 200"""
        found = self._of(notification)
        row = move(self._site.store, found.recovery, vmove) if found.recovery else None
        if row is None:
            raise Fault(404, f'No vmove with id {vmove[:64]} of notification {found.uuid}.')
        return flask.jsonify(vmove=views.vmove(row, found.uuid))

    def _of(self, notification: str) -> Notification:
        found = the(self._site, notification)
        if found.type != COMPUTE_HOST:
            raise Fault(
                400, f'Notification {found.uuid} is of type {found.type}: it moves no instances.'
            )
        return found
