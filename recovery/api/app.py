"""The application: the rooms, and all that stands around them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import flask
from oslo_context.context import RequestContext
from oslo_middleware.cors import CORS
from oslo_middleware.http_proxy_to_wsgi import HTTPProxyToWSGI
from oslo_middleware.request_id import ENV_REQUEST_ID, GLOBAL_REQ_ID, RequestId
from werkzeug.exceptions import HTTPException

from drivers.contracts.errors import DriverError
from drivers.contracts.inventory import InventoryError
from flows.stop import Stop, StoreAway
from recovery.api import door, health, rooms
from recovery.api.caller import ENVIRON, RULES, caller, refuse_strangers
from recovery.api.faults import Fault, render, text
from recovery.api.meter import Meter
from recovery.api.paths import refuse_malformed
from recovery.api.rate import Rate
from recovery.conf.reading import BadOptions
from recovery.operate.callers import Caller
from recovery.operate.refusal import BadRules, Refusal
from recovery.operate.rules import Rules
from recovery.site import Site

LOG = logging.getLogger(__name__)
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class App(flask.Flask):
    """Flask, and an answer to what is no Exception."""

    def full_dispatch_request(self, *arguments: Any) -> flask.Response:
        try:
            return super().full_dispatch_request(*arguments)
        except Stop as stop:
            LOG.warning('%s: %s', type(stop).__name__, stop.reason)
            what = 'The database' if isinstance(stop, StoreAway) else 'What this needs'
            fault = Fault(503, f'{what} does not answer; nothing is known to have been done.')
            return self.finalize_request(render(fault), True)


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

    stack: Any = refuse_malformed(door.guard(site, app, is_open))
    stack = RequestId(_measured(site, stack))
    return _outer(site, stack)


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
    _answer_errors(app)
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


def _answer_errors(app: App) -> None:
    @app.errorhandler(Fault)
    def _(fault: Fault) -> flask.Response:
        return render(fault)

    @app.errorhandler(Refusal)
    def _(refusal: Refusal) -> flask.Response:
        return render(Fault(409, refusal.sentence, verb=refusal.verb))

    @app.errorhandler(HTTPException)
    def _(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error.get_response()
        response = render(Fault(error.code, WORDS.get(error.code, error.description or '')))
        for name, value in error.get_headers():
            if name not in ('Content-Type', 'Content-Length'):
                response.headers[name] = value
        return response

    @app.errorhandler(DriverError)
    @app.errorhandler(InventoryError)
    def _(error: Exception) -> flask.Response:
        LOG.warning('%s %s: %s', flask.request.method, flask.request.path, error)
        return render(Fault(503, f'What this needs does not answer: {error}'))

    @app.errorhandler(Exception)
    def _(error: Exception) -> flask.Response:
        name = flask.request.environ.get(ENV_REQUEST_ID, 'no request id')
        LOG.error('%s: an error nobody handled', name, exc_info=error)
        if isinstance(error, BadRules):
            return render(Fault(500, str(error)))
        return render(Fault(500, f'Something is wrong here; the log tells more about {name}.'))


WORDS = {
    404: 'The resource could not be found.',
    405: 'This resource does not know this method.',
    413: 'The body of the request is too long: see [api] max_body.',
}


def _measured(site: Site, inside: Application) -> Application:
    meter = site.one(Meter, Meter)

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        begun, seen = site.clock.elapsed(), ['500']

        def noting(status: str, *more: Any) -> Any:
            seen[0] = status[:3]
            return start(status, *more)

        try:
            return inside(environ, noting)
        except Exception:  # of what stands in front of Flask, which handles its own
            LOG.exception('%s: an error nobody handled', environ.get(ENV_REQUEST_ID))
            noting('500 Internal Server Error', [('Content-Type', 'application/json')])
            return [text(Fault(500, 'Something is wrong here; the log tells more.')).encode()]
        finally:
            route, method = environ.get('recovery.route'), str(environ.get('REQUEST_METHOD'))
            meter.answered(route, method, seen[0], site.clock.elapsed() - begun)

    return application


def _outer(site: Site, inside: Any) -> Application:
    """What changes the request before anybody looks at it, as operators of OpenStack know it."""
    stack: Application = HTTPProxyToWSGI(CORS(inside, site.conf), site.conf)
    if site.conf.api.auth == 'noauth' and site.conf.oslo_middleware.enable_proxy_headers_parsing:
        # A header would say that the caller is this very machine.
        raise BadOptions(
            '[api] auth = noauth lets in whoever is on this machine, and with [oslo_middleware] '
            'enable_proxy_headers_parsing everybody may say so: set that to false, or auth to '
            'keystone'
        )
    return stack
