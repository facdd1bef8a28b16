"""The application of Flask, in which every error is an answer of one shape."""

from __future__ import annotations

import logging
from typing import Any

import flask
from oslo_middleware.request_id import ENV_REQUEST_ID
from werkzeug.exceptions import HTTPException

from drivers.contracts.errors import DriverError
from drivers.contracts.inventory import InventoryError
from flows.stop import Stop, StoreAway
from recovery.api.faults import Fault, render
from recovery.operate.refusal import BadRules, Refusal

LOG = logging.getLogger(__name__)

WORDS = {
    404: 'The resource could not be found.',
    405: 'This resource does not know this method.',
    413: 'The body of the request is too long: see [api] max_body.',
}


class App(flask.Flask):
    """Flask, and answers to all that is raised in it, also to what is no Exception."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        _answer_errors(self)

    def full_dispatch_request(self, *arguments: Any) -> flask.Response:
        try:
            return super().full_dispatch_request(*arguments)
        except Stop as stop:
            LOG.warning('%s: %s', type(stop).__name__, stop.reason)
            what = 'The database' if isinstance(stop, StoreAway) else 'What this needs'
            fault = Fault(503, f'{what} does not answer; nothing is known to have been done.')
            return self.finalize_request(render(fault), True)


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
