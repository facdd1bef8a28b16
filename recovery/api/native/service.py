"""The service: switches, maintenance windows, workers, gates, and what a look at it finds."""

from __future__ import annotations

from typing import Any

from recovery.api.caller import allow, caller
from recovery.api.native import schemas as s
from recovery.api.native.moments import at
from recovery.api.native.page import page
from recovery.api.native.route import Call, Route
from recovery.db import hosts
from recovery.operate import windows
from recovery.operate.orders import scopes as orders
from recovery.operate.orders import workers
from recovery.policy import order
from recovery.view.documents import policy, processes
from recovery.view.documents import windows as documents

WINDOW = '/windows/{window}'
SCOPE: dict[str, s.Schema] = {'segment': s.WORD, 'host': s.HOST}
ALONE: s.Schema = {
    'not': {'required': ['segment', 'host']},
    'description': 'of a segment, or of a host, or of neither',
}


def _allow(call: Call, name: str, host: str | None, segment: str | None) -> None:
    if host:
        with call.site.store.read() as connection:
            segment = hosts.get(connection, host).segment
    allow(name, host=host or '', segment=segment)


def _switch(call: Call) -> Any:
    body = call.body
    _allow(call, body['action'], body.get('host'), body.get('segment'))
    return orders.switch(call.site.store, body, by=caller().name)


def _windows(call: Call) -> Any:
    rows = documents.listing(call.site.store, ended=call.query['all'])
    return page('windows', rows, 'id', call)


def _window(call: Call) -> Any:
    store = call.site.store
    return documents.one(windows.find(store, call.path['window']), store.clock.now())


def _add(call: Call) -> Any:
    body = call.body
    _allow(call, 'window-add', body.get('host'), body.get('segment'))
    moments = {name: at(body.get(name), name) for name in ('begins_at', 'ends_at')}
    return orders.add_window(call.site.store, {**body, **moments}, by=caller().name)


def _close(call: Call) -> Any:
    store = call.site.store
    window = windows.find(store, call.path['window'])
    kind, _, name = window.scope.partition(':')
    host, segment = (name if kind == 'host' else None), (name if kind == 'segment' else None)
    _allow(call, 'window-close', host, segment)
    reason = call.body.get('reason', '')
    return orders.close_window(store, window, by=caller().name, reason=reason)


def _workers(call: Call) -> Any:
    return page('workers', processes.listing(call.site.store), 'name', call)


def _drain(call: Call) -> Any:
    allow('worker-drain')
    name = call.path.get('worker')
    return workers.give(call.site.store, name, call.body, by=caller().name)


def _gates(call: Call) -> Any:
    kinds = [call.query['kind']] if 'kind' in call.query else list(order.ORDER)
    rows = [
        {**one, 'name': f'{one["kind"]}:{one["number"]}'}
        for one in policy.gates(kinds, call.query.get('stage'))
    ]
    found = page('gates', rows, 'name', call)
    for one in found['gates']:
        del one['name']
    return found


def _findings(call: Call) -> Any:
    return {'findings': policy.findings(call.site)}


def _switches() -> dict[str, s.Schema]:
    found: dict[str, s.Schema] = {}
    for name in ('pause', 'unpause', 'arm', 'disarm'):
        stops = name in ('pause', 'disarm')
        required, reason = (('reason',), s.WHY) if stops else ((), s.REASON)
        found[name] = {**s.action(name, required, reason=reason, **SCOPE), **ALONE}
    return found


TIMES = {'begins_at': s.TIME, 'ends_at': s.TIME}
ADDED = {**s.taken(('ends_at', 'reason'), reason=s.WHY, **TIMES, **SCOPE), **ALONE}
DRAINS = {
    'drain': s.action('drain', force=s.FLAG, now=s.FLAG),
    'undrain': s.action('undrain'),
}
PAGED: dict[str, s.Schema] = {'limit': s.LIMIT, 'marker': s.MARKER}
ROUTES = (
    Route(
        'POST', '/service/actions', 'order_service',
        'Pause, unpause, arm, disarm the cloud, a segment or a host', _switch,
        actions=_switches(), answer=s.ref('Switched'), faults=(409,),
    ),
    Route(
        'GET', '/windows', 'list_windows', 'Maintenance windows, by their beginning', _windows,
        answer=s.listed('windows', s.ref('Window')), query={'all': s.FLAG, **PAGED}, faults=(404,),
    ),
    Route(
        'POST', '/windows', 'add_window', 'Leave a scope alone for a time', _add,
        body=ADDED, answer=s.ref('WindowAdded'), status=201, faults=(409,),
    ),
    Route(
        'GET', WINDOW, 'show_window', 'One window', _window, answer=s.ref('Window'),
        faults=(404, 409),
    ),
    Route(
        'POST', f'{WINDOW}/actions', 'order_window', 'End it before its time', _close,
        actions={'close': s.action('close')}, answer=s.ref('WindowClosed'), faults=(404, 409),
    ),
    Route(
        'GET', '/workers', 'list_workers', 'Processes of the service, the living first', _workers,
        answer=s.listed('workers', s.ref('Process')), query=PAGED, faults=(404,),
    ),
    Route(
        'POST', '/workers/actions', 'order_workers', 'Drain or undrain all workers', _drain,
        actions=DRAINS, answer=s.ref('WorkerOrder'), faults=(409,),
    ),
    Route(
        'POST', '/workers/{worker}/actions', 'order_worker', 'Drain or undrain one', _drain,
        actions=DRAINS, answer=s.ref('WorkerOrder'), faults=(404, 409),
    ),
    Route(
        'GET', '/policy/gates', 'list_gates', 'The gates in the order in which they are asked',
        _gates, answer=s.listed('gates', s.ref('GateAsked')), faults=(404,),
        query={'kind': s.KIND, 'stage': s.STAGE, **PAGED},
    ),
    Route(
        'GET', '/findings', 'list_findings', 'What a look at the service finds, as doctor says it',
        _findings,
        answer=s.given(findings={'type': 'array', 'items': s.ref('Finding')}),
    ),
)  # fmt: skip
