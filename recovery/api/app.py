"""The application: the rooms, and what comes before each of their views."""

from __future__ import annotations

import flask
from oslo_context.context import RequestContext
from oslo_middleware.request_id import ENV_REQUEST_ID, GLOBAL_REQ_ID

from recovery.api import door, health, rooms
from recovery.api.answering import App
from recovery.api.caller import ENVIRON, RULES, caller, refuse_strangers
from recovery.api.faults import Fault
from recovery.api.paths import refuse_malformed
from recovery.api.rate import Rate
from recovery.api.stack import Application, around
from recovery.conf.reading import BadOptions
from recovery.operate.callers import Caller
from recovery.operate.refusal import BadRules
from recovery.operate.rules import Rules
from recovery.site import Site


def build(site: Site) -> Application:
    """Everything, as a server of WSGI calls it.

    :raises recovery.conf.reading.BadOptions: callers cannot be known as configured.
    """
    app = inner(site)
    firsts = {_first(rule.rule) for rule in app.url_map.iter_rules()}
    free = _free(site)

    def is_open(path: str) -> bool:
        # What no room answers may tell a stranger so.
        return _first(path) in free or _first(path) not in firsts

    return around(site, refuse_malformed(door.guard(site, app, is_open)))


def inner(site: Site) -> App:
    """The application of Flask alone: who calls it is known already."""
    options = site.conf.api
    app = App('recovery.api', static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.config.update(
        MAX_CONTENT_LENGTH=options.max_body,
        MAX_FORM_MEMORY_SIZE=options.max_body,
        RECOVERY_MAX_DEPTH=options.max_depth,
        RECOVERY_MAX_VALUES=options.max_values,
        PROPAGATE_EXCEPTIONS=False,
    )
    rules = app.extensions[RULES] = Rules(site.conf)
    try:
        rules.load()
    except BadRules as error:
        raise BadOptions(str(error)) from error
    app.register_blueprint(health.room(site))
    app.before_request(_begin)
    app.before_request(lambda: _limit(site))
    app.before_request(lambda: _admit(app, _free(site)))
    for room in rooms.ROOMS:
        app.register_blueprint(room(site))
    return app


def _begin() -> None:
    environ = flask.request.environ
    known = environ.get(ENVIRON)
    # What is logged from here on in this thread carries it.
    RequestContext(
        request_id=environ.get(ENV_REQUEST_ID),
        global_request_id=environ.get(GLOBAL_REQ_ID),
        user_id=known.user if isinstance(known, Caller) else None,
        project_id=known.project if isinstance(known, Caller) else None,
    )
    rule = flask.request.url_rule
    environ['recovery.route'] = rule.rule if rule is not None else None


def _limit(site: Site) -> None:
    """Raises Fault when the caller asks too often."""
    if _first(flask.request.path) == 'healthcheck':
        return
    options, path = site.conf.api, flask.request.path
    known = flask.request.environ.get(ENVIRON)
    who = known.user or known.name if isinstance(known, Caller) else flask.request.remote_addr
    hook = _first(path) == 'alarms'
    raises = flask.request.method == 'POST' and path.rstrip('/').endswith(ALARMS)
    if hook or raises:
        key, rate, burst = f'alarm {who}', options.alarm_rate, options.alarm_burst
    else:
        key, rate, burst = f'{who}', options.rate, options.burst
    seconds = site.one(Rate, lambda: Rate(site.clock)).wait(key, rate, burst)
    if seconds:
        status = 503 if hook else 429
        raise Fault(status, f'Too many requests: {rate:g} each second.', retry_after=seconds)


ALARMS = ('/notifications', '/alarms')  #: where alarms are posted that are no webhooks


def _admit(app: App, free: frozenset[str]) -> None:
    """Once more by the route that was found, whatever the door made of the path."""
    rule = flask.request.url_rule
    if rule is None or flask.request.method == 'OPTIONS':
        return
    if _first(rule.rule) not in free and not rule.rule.startswith('/<'):
        caller()
        refuse_strangers(app.view_functions[rule.endpoint])


def _free(site: Site) -> frozenset[str]:
    return rooms.OPEN | {rooms.PAGE} if site.conf.api.ui_without_token else rooms.OPEN


def _first(path: str) -> str:
    return path.lstrip('/').partition('/')[0] if path.startswith('/') else path.partition('/')[0]
