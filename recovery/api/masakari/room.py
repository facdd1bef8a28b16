"""All routes of Masakari's API."""

from __future__ import annotations

import flask

from recovery.api.masakari import extensions, microversion
from recovery.api.masakari.hosts import Hosts
from recovery.api.masakari.notifications import Notifications
from recovery.api.masakari.routes import add, blueprint
from recovery.api.masakari.segments import Segments
from recovery.api.masakari.versions import Versions
from recovery.api.masakari.vmoves import VMoves
from recovery.site import Site


def room(site: Site) -> flask.Blueprint:
    """Masakari's routes, at the root and below /v1."""
    made = blueprint(site)
    made.before_app_request(microversion.begin)
    made.after_app_request(microversion.end)
    _versions(made, Versions(site))
    add(made, '/extensions', get=extensions.index)
    add(made, '/extensions/<alias>', get=extensions.show)
    segments, hosts = Segments(site), Hosts(site)
    add(made, '/segments', get=segments.index, post=segments.create)
    add(
        made,
        '/segments/<segment>',
        get=segments.show,
        put=segments.update,
        delete=segments.delete,
    )
    add(made, '/segments/<segment>/hosts', get=hosts.index, post=hosts.create)
    add(
        made,
        '/segments/<segment>/hosts/<host>',
        get=hosts.show,
        put=hosts.update,
        delete=hosts.delete,
    )
    notifications, vmoves = Notifications(site), VMoves(site)
    add(made, '/notifications', get=notifications.index, post=notifications.create)
    add(made, '/notifications/<notification>', get=notifications.show)
    add(made, '/notifications/<notification>/vmoves', get=vmoves.index)
    add(made, '/notifications/<notification>/vmoves/<vmove>', get=vmoves.show)
    return made


def _versions(made: flask.Blueprint, versions: Versions) -> None:
    made.add_url_rule('/', 'versions', versions.root)
    made.add_url_rule('/v1', 'version', versions.show)
    made.add_url_rule('/<elsewhere:elsewhere>', 'choices', versions.choices)
