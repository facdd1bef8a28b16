"""What is answered when something cannot be done: one shape for all, as Masakari has it.

``{"NAME": {"code": STATUS, "message": SENTENCE}}``, where NAME follows from the status.
"""

from __future__ import annotations

import json
import math

import flask
from werkzeug.http import HTTP_STATUS_CODES

NAMES = {
    400: 'badRequest',
    401: 'unauthorized',
    403: 'forbidden',
    404: 'itemNotFound',
    405: 'badMethod',
    409: 'conflictingRequest',
    413: 'overLimit',
    415: 'badMediaType',
    429: 'overLimit',
    501: 'notImplemented',
    503: 'serviceUnavailable',
}
OTHER = 'masakariFault'  #: the name of every other status

RETRY_SECONDS = 5.0


class Fault(Exception):
    """Raised anywhere below a view, and rendered by the application.

    :param status: of HTTP, 400 or more.
    :param message: one sentence: what is wrong, and what would be right.
    :param verb: the command that leads on, or ''.
    :param retry_after: seconds after which it is worth asking again; None: it never is.
    """

    def __init__(
        self, status: int, message: str, *, verb: str = '', retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.verb = verb
        self.retry_after = RETRY_SECONDS if retry_after is None and status == 503 else retry_after


def render(fault: Fault) -> flask.Response:
    """The answer."""
    response = flask.Response(text(fault), fault.status, mimetype='application/json')
    if fault.retry_after is not None:
        response.headers['Retry-After'] = str(max(1, math.ceil(fault.retry_after)))
    return response


def text(fault: Fault) -> str:
    """The body of the answer."""
    inner: dict[str, object] = {
        'code': fault.status,
        'message': fault.message or HTTP_STATUS_CODES.get(fault.status, 'it cannot be done'),
    }
    if fault.verb:
        inner['verb'] = fault.verb
    return json.dumps({NAMES.get(fault.status, OTHER): inner})
