"""Which blueprints the application has: one factory per room, in the order of this list.

A room that has to see every request below its URLs, also those that no route matches, takes
``blueprint.before_app_request`` and ``after_app_request`` and looks at ``request.path``: both run
for 404 and 405, too, and for every Fault. They do not run for what is turned away in front of the
application: a token that is missing or wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import flask

from recovery.api import masakari, page
from recovery.api.native import room as native
from recovery.api.webhooks import room as webhooks
from recovery.site import Site

Room = Callable[[Site], flask.Blueprint]

ROOMS: tuple[Room, ...] = (native.room, webhooks.room, page.room, masakari.room)

#: First parts of paths that need no token: what is below them knows its callers by itself, or
#: tells nothing that a stranger may not know. All others, and all that come, need one.
OPEN = frozenset({'', 'alarms', 'healthcheck'})
PAGE = 'ui'  #: likewise if [api] ui_without_token
