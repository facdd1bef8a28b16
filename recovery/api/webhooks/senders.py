"""Who posts to a webhook: by a token, by a signature, or by a token of Keystone.

A signature is the header ``X-Recovery-Signature``, the HMAC-SHA256 in hexadecimal of three lines:
the header ``X-Recovery-Timestamp`` (seconds since 1970 UTC), the query of the URL as it is sent,
and the body.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

import flask
import sqlalchemy as sa

from recovery.api import door
from recovery.api.body import raw
from recovery.api.caller import allow, caller
from recovery.api.faults import Fault
from recovery.db import nonces
from recovery.intake.sources import BadSecret, Source
from recovery.site import Site

LOG = logging.getLogger(__name__)

TIMESTAMP, SIGNATURE = 'X-Recovery-Timestamp', 'X-Recovery-Signature'
BEARER, SCHEME = 'bearer ', 'sha256='
DIGITS = 20
DIGEST = re.compile('[0-9a-f]{64}')


class Replayed(Exception):
    """This very message was taken before."""


@dataclass(frozen=True)
class Signature:
    """One that holds, and that is taken once."""

    source: str
    digest: str
    at: float  #: seconds since 1970 UTC, as the sender says
    before: float  #: what is about earlier times is refused for that

    def refuse_known(self, connection: sa.Connection) -> None:
        """Raises Replayed."""
        if nonces.known(connection, self.source, self.digest):
            raise Replayed

    def remember(self, connection: sa.Connection) -> None:
        """In the transaction that does the last of what its message asks for: before that, the
        sender has to be able to send it again. Raises Replayed."""
        self.refuse_known(connection)
        # Not above the newest: a locked gap there would be in the way of the next sender.
        nonces.forget(connection, self.before)
        nonces.add(connection, self.source, self.digest, self.at)


@dataclass(frozen=True)
class Sender:
    """One who has shown that it is the source."""

    name: str = ''  #: of the user of Keystone, or ''
    signature: Signature | None = None


def known(site: Site, source: Source) -> Sender:
    """Who posts this request.

    :raises Fault: 401 not the source; 403 it may not; 503 nobody can tell.
    """
    try:
        if source.unusable:
            raise BadSecret(source.unusable)
        if source.known_by == 'token':
            return _by_token(source)
        if source.known_by == 'hmac':
            return _by_signature(site, source)
    except BadSecret as error:
        LOG.error('source %s cannot be known: %s', source.name, error)
        raise Fault(503, 'The secret of this source cannot be read here.') from error
    if source.known_by == 'keystone':
        found = caller()
        allow('alarm-raise')
        if source.users and found.user not in source.users:
            raise Fault(403, f'Another user of Keystone posts as {source.name}: see its "users".')
        return Sender(found.name)
    if site.conf.api.auth != 'noauth' or not door.loopback(flask.request.remote_addr or ''):
        raise _stranger(source, 'it has no secret, and this is no lab')
    return Sender()


def _by_token(source: Source) -> Sender:
    shown = flask.request.headers.get('Authorization', '')
    if not shown.lower().startswith(BEARER):
        raise _stranger(source, 'no header "Authorization: Bearer"')
    assert source.secret is not None
    if not source.secret.is_token(shown[len(BEARER) :].strip()):
        raise _stranger(source, 'a wrong token')
    return Sender()


def _by_signature(site: Site, source: Source) -> Sender:
    headers, secret = flask.request.headers, source.secret
    stamp = headers.get(TIMESTAMP, '').strip()
    shown = headers.get(SIGNATURE, '').strip().lower().removeprefix(SCHEME).strip()
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < DIGITS and shown):
        raise _stranger(source, f'no headers {TIMESTAMP} (seconds since 1970) and {SIGNATURE}')
    if not DIGEST.fullmatch(shown):  # remembered as it is: one signature must have one spelling
        raise _stranger(source, 'a malformed signature, which is 64 hexadecimal digits')
    message = b'\n'.join((stamp.encode(), flask.request.query_string, raw()))
    assert secret is not None
    if not secret.is_signature(shown, message):
        raise _stranger(source, 'a wrong signature')
    at, window = float(stamp), site.conf.sources.replay_seconds
    if abs(site.clock.now() - at) > window:
        raise _stranger(source, f'a signature whose time is more than {window:g} s from ours')
    return Sender(signature=Signature(source.name, shown, at, site.clock.now() - 2 * window))


def _stranger(source: Source, why: str) -> Fault:
    return Fault(401, f'This is not known to come from {source.name}: {why}.')
