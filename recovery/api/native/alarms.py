"""Alarms: the list, one with every decision; raising one, and having one decided about."""

from __future__ import annotations

from typing import Any

from recovery.api.caller import allow, caller
from recovery.api.native import schemas as s
from recovery.api.native.moments import at, since
from recovery.api.native.page import fetched
from recovery.api.native.route import Call, Route
from recovery.db import hosts
from recovery.operate.orders import alarms as orders
from recovery.policy import order
from recovery.view import alarms, bundle, bundle_file
from recovery.view.documents import alarms as documents

SOURCE = 'api'  #: who says it, unless the alarm names one
EVIDENCE_LEVELS = 4  #: more is no evidence that people read
ANSWERS = ['admit', 'hold', 'ignore', alarms.UNDECIDED]
ONE = '/alarms/{alarm}'


def _list(call: Call) -> Any:
    rows = documents.listing(
        call.site.store,
        since=since(call.query.get('since'), call.site.clock.now()),
        answer=call.query.get('answer'),
        limit=call.limit + 1,
        marker=call.marker,
    )
    return fetched('alarms', rows, 'id', call)


def _show(call: Call) -> Any:
    return documents.one(call.site.store, call.path['alarm'])


def _bundle(call: Call) -> Any:
    return bundle_file.sealed(bundle.body_of_alarm(call.site.store, call.path['alarm']))


def _allow(call: Call, order: str, host: str) -> None:
    with call.site.store.read() as connection:
        segment = hosts.get(connection, host).segment
    allow(order, host=host, segment=segment)


def _raise(call: Call) -> Any:
    said = call.body
    _allow(call, 'alarm-raise', said['subject'])
    if said.get('source', SOURCE) != SOURCE:  # what its alarms may start depends on the source
        _allow(call, 'alarm-source', said['subject'])
    when = at(said.get('at'), 'at')
    return orders.raise_(call.site, {**said, 'at': when}, by=caller().name, source=SOURCE)


def _order(call: Call) -> Any:
    row = alarms.alarm(call.site.store, call.path['alarm'])
    _allow(call, 'alarm-decide', row['subject'])
    reason = call.body.get('reason', '')
    return orders.decided(call.site, row['id'], by=caller().name, reason=reason)


RAISED = s.taken(
    ('kind', 'subject'),
    kind={**s.KIND, 'enum': sorted(order.RAISED)},
    subject=s.HOST,
    source=s.WORD,
    key=s.WORD,
    at=s.HAPPENED,
    evidence=s.small(EVIDENCE_LEVELS),
)
ROUTES = (
    Route(
        'GET', '/alarms', 'list_alarms', 'Alarms, newest first', _list, faults=(404,),
        answer=s.listed('alarms', s.ref('Alarm')),
        query={'since': s.SINCE, 'answer': {'enum': ANSWERS, 'type': 'string'},
               'limit': s.LIMIT, 'marker': s.ID},
    ),
    Route(
        'POST', '/alarms', 'raise_alarm', 'Say that something failed, as a monitor would', _raise,
        body=RAISED, answer=s.ref('Outcome'), status=202,
    ),
    Route(
        'GET', ONE, 'show_alarm', 'One alarm: what was said, and how each gate answered', _show,
        answer=s.ref('AlarmInFull'), faults=(404, 409),
    ),
    Route(
        'GET', f'{ONE}/bundle', 'bundle_alarm', 'The proof bundle of what it led to', _bundle,
        answer=s.ref('Bundle'), faults=(404, 409),
    ),
    Route(
        'POST', f'{ONE}/actions', 'order_alarm', 'Have it decided about now', _order,
        actions={'decide': s.action('decide')}, answer=s.ref('Outcome'), faults=(404, 409),
    ),
)  # fmt: skip
