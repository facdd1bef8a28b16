"""Microversions: what a client asks for by a header, and what it is told it got.

``OpenStack-API-Version: instance-ha 1.2``, or ``latest``; one header may name several services.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import flask

from recovery.api.faults import Fault

HEADER, VARY = 'OpenStack-API-Version', 'Vary'
SERVICE = 'instance-ha'
FIRST = 'v1'  #: first part of the paths that have versions


@dataclass(frozen=True, order=True)
class Version:
    """A microversion; the minor number is what grows."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f'{self.major}.{self.minor}'


LEAST, MOST = Version(1, 0), Version(1, 3)
DETAILS = Version(1, 1)  #: recovery_workflow_details in one notification
ENABLED = Version(1, 2)  #: ``enabled`` of a segment may be set
_FORM = re.compile(r'([1-9]\d{0,5})\.(0|[1-9]\d{0,5})')


def asked(header: str | None) -> Version:
    """The version that a header asks for. Raises Fault: 400 malformed, 406 not supported."""
    wanted = None
    for part in (header or '').split(','):
        words = part.split()
        if words and words[0].lower() == SERVICE:
            if len(words) != 2:
                raise Fault(400, f'{HEADER} has to be such as "{SERVICE} {MOST}".')
            wanted = words[1]
    if wanted is None:
        return LEAST
    if wanted.lower() == 'latest':
        return MOST
    form = _FORM.fullmatch(wanted)
    if form is None:
        raise Fault(400, f'{HEADER} has to end in such as {MOST}, not {wanted[:60]!r}.')
    version = Version(int(form[1]), int(form[2]))
    if not LEAST <= version <= MOST:
        raise Fault(
            406,
            f'Version {version} is not supported by the API. Minimum is {LEAST} and maximum is '
            f'{MOST}.',
        )
    return version


def current() -> Version:
    """The version of this request."""
    found = flask.g.get('microversion')
    return found if isinstance(found, Version) else LEAST


def begin() -> None:
    """Before each request of the application. Raises Fault."""
    if _versioned():
        flask.g.microversion = asked(flask.request.headers.get(HEADER))


def end(response: flask.Response) -> flask.Response:
    """After each: say which version it was. What was turned down for its version says only that
    the answer depends on it."""
    if _versioned():
        response.headers.add(VARY, HEADER)
        if 'microversion' in flask.g:
            response.headers[HEADER] = f'{SERVICE} {flask.g.microversion}'
    return response


def _versioned() -> bool:
    return flask.request.path.split('/')[1:2] == [FIRST]
