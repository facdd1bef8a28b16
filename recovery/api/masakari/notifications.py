"""/notifications: what monitors report, and what became of it."""

from __future__ import annotations

from typing import Any

import flask

from recovery.api import paging
from recovery.api.body import check, json_body
from recovery.api.caller import allow, caller
from recovery.api.faults import Fault
from recovery.api.masakari import schemas, views
from recovery.api.masakari.lists import listed
from recovery.api.masakari.microversion import DETAILS, current
from recovery.api.masakari.refusals import refused
from recovery.api.masakari.words import asked_texts, seconds
from recovery.db import notifications
from recovery.db.notifications import Notification
from recovery.db.segments import of_host
from recovery.operate.notify import Report, notify
from recovery.operate.rules import ANYWHERE
from recovery.site import Site
from recovery.view.notifications import details

ORDER = 'alarm-raise'
SINCE = 'generated-since'


class Notifications:
    """The views of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def index(self) -> Any:
        """GET: 200"""
        filters = asked_texts('status', 'source_host_uuid', 'type')
        since = _since()
        page = paging.page(notifications.COLUMNS, most=self._site.conf.api.max_limit)
        with listed(), self._site.store.read() as connection:
            found = notifications.page(connection, filters, page, since=since)
        return flask.jsonify(notifications=[views.notification(one) for one in found])

    def create(self) -> Any:
        """POST: 202"""
        allow(ORDER, segment=ANYWHERE)
        report = _report(json_body(schemas.NOTIFICATION, key='notification'))
        self._allow(report.host)
        with refused():
            uuid = notify(self._site, report)
        return flask.jsonify(notification=views.notification(the(self._site, uuid))), 202

    def show(self, notification: str) -> Any:
        """GET one: 200; all of it from the database"""
        found = the(self._site, notification)
        shown = views.notification(found)
        if current() >= DETAILS:
            steps = details(self._site.store, found.recovery) if found.recovery else ()
            shown['recovery_workflow_details'] = [views.detail(one) for one in steps]
        return flask.jsonify(notification=shown)

    def _allow(self, host: str) -> None:
        with self._site.store.read() as connection:
            segment = of_host(connection, host)
        if segment is not None:
            allow(ORDER, host=host, segment=segment.name)


def the(site: Site, uuid: str) -> Notification:
    """The notification with that UUID. Raises Fault (404)."""
    with site.store.read() as connection:
        found = notifications.get(connection, uuid)
    if found is None:
        raise Fault(404, f'No notification with id {uuid[:64]}.')
    return found


def _report(body: dict[str, Any]) -> Report:
    check(body['payload'], schemas.PAYLOADS[body['type']])
    try:
        generated = seconds(body['generated_time'])
    except ValueError as error:
        raise Fault(
            400,
            f'Invalid input for generated_time: {body["generated_time"]!r} is no ISO 8601 time '
            'after 1970.',
        ) from error
    return Report(body['type'], body['hostname'], generated, body['payload'], caller().name)


def _since() -> float | None:
    given = flask.request.args.get(SINCE)
    if given is None:
        return None
    try:
        # A client that forgot to write "+" as %2B has sent a space.
        return seconds(given.replace(' +', '+'))
    except ValueError as error:
        raise Fault(400, f'Invalid {SINCE} value: {given[:60]!r} is no ISO 8601 time.') from error
