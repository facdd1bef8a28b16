"""POST /alarms/SOURCE.

Stored first, answered after: 202 says that every alarm in the message is in the database, 503 that
none may be, so that a sender tries again; only what can never be read is answered 4xx, for senders
drop what is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import flask
import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter
from werkzeug.exceptions import HTTPException

from drivers.contracts.alarms import Alarm, BadPayload, Heard, Post
from recovery.api.body import parse_message, raw
from recovery.api.caller import needs
from recovery.api.faults import Fault
from recovery.api.meter import Meter
from recovery.api.webhooks.deciding import Deciding
from recovery.api.webhooks.senders import Replayed, Sender, Signature, known
from recovery.db import events
from recovery.intake.admission import Outcome
from recovery.intake.receive import BadAlarm, Stored, check, store
from recovery.intake.sources import Source, Sources
from recovery.intake.sources.schema import CANCEL
from recovery.operate.resolved import resolved
from recovery.site import Site
from recovery.view.alarms import UNDECIDED
from recovery.view.ids import short

LOG = logging.getLogger(__name__)
SAID = 10  #: sentences about bad parts that are logged for one message


class Counts:
    """What webhooks brought to this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._parts = Counter(
            'recovery_webhook_alarms',
            'Parts of webhooks: taken as alarms, resolved, passed by since they match nothing, '
            'wrong, or missing, which the sender left out.',
            ('source', 'what'),
            registry=registry,
        )

    def add(self, source: str, **parts: int) -> None:
        """So many more."""
        for what, count in parts.items():
            self._parts.labels(source, what).inc(count)


def room(site: Site) -> flask.Blueprint:
    """:raises recovery.intake.sources.BadSources: the file of sources cannot be used."""
    Sources.of(site).refuse_secretless()
    blueprint = flask.Blueprint('webhooks', __name__)

    @blueprint.post('/alarms/<name>')
    @needs('')
    def webhook(name: str) -> tuple[dict[str, Any], int]:
        try:
            return Webhook(site, name).take(), 202
        except (Fault, HTTPException) as error:  # senders drop what is answered 4xx
            status = error.status if isinstance(error, Fault) else error.code
            LOG.warning('a post to %r is answered %s: %s', f'/alarms/{name[:80]}', status, error)
            raise

    return blueprint


class Webhook:
    """One message."""

    def __init__(self, site: Site, name: str) -> None:
        found = Sources.of(site).get(name)
        if found is None:
            raise Fault(404, f'No source of alarms is called {name[:80]!r}: see [sources] file.')
        self._site = site
        self._source: Source = found

    def take(self) -> dict[str, Any]:
        """Know the sender, read, store, decide. Returns the answer.

        :raises Fault: nothing was taken.
        :raises flows.stop.StoreAway: nothing may be stored.
        """
        sender = known(self._site, self._source)
        heard = self._read()
        good, wrong = _checked(heard, sender)
        self._note(heard, good, wrong)
        if wrong and not (good or heard.resolved or heard.passed):
            raise Fault(400, f'Nothing in the message can be read: {"; ".join(wrong[:3])}.')
        try:
            stored = store(self._site, good, self._also(sender, heard))
            over = [self._over(one) for one in heard.resolved]
            if heard.resolved and sender.signature is not None:
                self._remember(sender.signature)
        except Replayed:
            return {'alarms': [], 'note': 'This very message was taken before.'}
        made = self._site.one(Deciding, lambda: Deciding(self._site)).decide(stored)
        return {
            'alarms': [_answer(one, made.get(one.row['id'])) for one in stored],
            'resolved': over,
            'wrong': wrong,
            'passed': heard.passed,
            'missing': heard.missing,
        }

    def _read(self) -> Heard:
        payload = parse_message(raw())
        if payload is None:
            raise Fault(400, 'The message is empty: send the alarm as JSON.')
        query = dict(flask.request.args.items())
        now, source = self._site.clock.now(), self._source
        try:
            return source.read(Post(source.name, payload, query, now, source.kind))
        except BadPayload as error:
            raise Fault(400, f'The message cannot be read: {error}.') from error

    def _note(self, heard: Heard, good: list[Alarm], wrong: list[str]) -> None:
        name = self._source.name
        for sentence in wrong[:SAID]:
            LOG.warning('source %s: a part of a message is not taken: %s', name, sentence)
        if heard.missing:
            LOG.warning('source %s left %d alarms out of its message', name, heard.missing)
        registry = self._site.one(Meter, Meter).registry
        counts = self._site.one(Counts, lambda: Counts(registry))
        counts.add(
            name,
            taken=len(good),
            resolved=len(heard.resolved),
            wrong=len(wrong),
            passed=heard.passed,
            missing=heard.missing,
        )

    def _also(self, sender: Sender, heard: Heard) -> Any:
        def work(connection: sa.Connection) -> None:
            if sender.signature is not None and heard.resolved:
                # What is over is done in transactions of its own, and may have to be sent again.
                sender.signature.refuse_known(connection)
            elif sender.signature is not None:
                sender.signature.remember(connection)
            if heard.missing:
                what = f'left {heard.missing} alarms out of a message: it limits their number'
                events.add(connection, self._source.name, what, at=self._site.clock.now())

        return work

    def _remember(self, signature: Signature) -> None:
        try:
            self._site.store.transact(signature.remember)
        except sa.exc.IntegrityError:
            raise Replayed from None  # by another request, at this very moment

    def _over(self, one: Any) -> dict[str, Any]:
        ends = self._source.resolved == CANCEL
        sentence = resolved(self._site, one, ends=ends)
        return {'host': one.subject, 'kind': one.kind, 'reason': sentence}


def _checked(heard: Heard, sender: Sender) -> tuple[list[Alarm], list[str]]:
    good, wrong = [], list(heard.wrong)
    for alarm in _named(heard.alarms, sender):
        try:
            check(alarm)
        except BadAlarm as error:
            wrong.append(f'{alarm.subject}: {error}')
        else:
            good.append(alarm)
    return good, wrong


def _named(alarms: Iterable[Alarm], sender: Sender) -> Iterable[Alarm]:
    return (replace(one, requested_by=sender.name) if sender.name else one for one in alarms)


def _answer(stored: Stored, outcome: Outcome | None) -> Mapping[str, Any]:
    row = stored.row
    found = {'id': row['id'], 'host': row['subject'], 'kind': row['kind'], 'key': row['key']}
    if outcome is None or not outcome.answer:
        verb = f'recovery alarm show {short(row["id"])}'
        reason = 'it is stored, and is decided about in a moment'
        return {
            **found, 'answer': UNDECIDED, 'reason': reason, 'recovery': None, 'verb': verb,
            'repeated': not stored.fresh,
        }  # fmt: skip
    return {
        **found,
        'answer': outcome.answer,
        'reason': outcome.reason,
        'recovery': outcome.recovery,
        'verb': outcome.verb,
        'repeated': outcome.repeated,
    }
