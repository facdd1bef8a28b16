"""Recoveries: the list, one in full, its instances, history, graph and bundle, and orders."""

from __future__ import annotations

from typing import Any

from recovery.api.caller import allow, caller
from recovery.api.native import schemas as s
from recovery.api.native.moments import since
from recovery.api.native.page import counted, fetched, page
from recovery.api.native.route import Call, Route, Text
from recovery.db import hosts
from recovery.operate.orders import recoveries as orders
from recovery.operate.rerun import Which
from recovery.view import bundle, bundle_file, graph, recoveries
from recovery.view import page as pages
from recovery.view.documents import recoveries as documents

GRAPHS = {
    'dot': 'text/vnd.graphviz',
    'mermaid': 'text/vnd.mermaid',
    'svg': 'image/svg+xml',
    'text': 'text/plain',
}
FORM: s.Schema = {'type': 'string', 'enum': list(GRAPHS), 'default': 'svg'}
ONE = '/recoveries/{recovery}'


def _list(call: Call) -> Any:
    query = call.query
    wanted = recoveries.Filter(
        states=query.get('state', ()),
        host=query.get('host'),
        kind=query.get('kind'),
        since=since(query.get('since'), call.site.clock.now()),
    )
    rows = documents.listing(call.site.store, wanted, call.limit + 1, call.marker)
    return fetched('recoveries', rows, 'id', call)


def _show(call: Call) -> Any:
    return pages.described(pages.read(call.site.store, call.path['recovery']))


def _items(call: Call) -> Any:
    states = call.query.get('state', ())
    rows = documents.items(call.site.store, call.path['recovery'], states)
    return page('items', rows, 'instance', call)


def _history(call: Call) -> Any:
    sorts = call.query.get('sort', ())
    rows = documents.history(call.site.store, call.path['recovery'], sorts)
    return counted('history', rows, call)


def drawn(one: graph.Graph, call: Call) -> Text:
    """A graph in the format that is asked for."""
    form = call.query['format']
    lines = one.lines(form, plain=call.query['plain'])
    return Text('\n'.join([*lines, '']), GRAPHS[form])


def _graph(call: Call) -> Any:
    return drawn(graph.of_recovery(call.site.store, call.path['recovery']), call)


def _kind(call: Call) -> Any:
    return drawn(graph.of_kind(call.path['kind']), call)


def _bundle(call: Call) -> Any:
    return bundle_file.sealed(bundle.body(call.site.store, call.path['recovery']))


def _order(call: Call) -> Any:
    store = call.site.store
    one = recoveries.recovery(store, call.path['recovery'])
    with store.read() as connection:
        segment = hosts.get(connection, one.host).segment
    allow(call.body['action'], host=one.host, segment=segment)
    return orders.give(store, one.id, call.body, by=caller().name)


ACTIONS = {
    'approve': s.action(
        'approve',
        seen={
            'type': 'array',
            'items': s.FINDING,
            'maxItems': 100,
            'description': 'what the human was shown; refused when a gate has found something else',
        },
    ),
    'reject': s.action('reject'),
    'cancel': s.action('cancel', ('how', 'reason'), how={'enum': ['undo', 'leave']}, reason=s.WHY),
    'rerun': s.action('rerun', items={'enum': [one.value for one in Which], 'default': 'failed'}),
    'settle': s.action(
        'settle',
        ('instance', 'as', 'reason'),
        instance=s.WORD,
        reason=s.WHY,
        **{'as': {'enum': ['moved', 'failed', 'left']}},
    ),
}
DRAWN = {'format': FORM, 'plain': s.FLAG}
ROUTES = (
    Route(
        'GET', '/recoveries', 'list_recoveries', 'Recoveries, newest first', _list,
        answer=s.listed('recoveries', s.ref('Recovery')), faults=(404,),
        query={'state': s.many(s.STATE), 'host': s.HOST, 'kind': s.KIND, 'since': s.SINCE,
               'limit': s.LIMIT, 'marker': s.ID},
    ),
    Route(
        'GET', ONE, 'show_recovery', 'One recovery: steps, instances, what holds it', _show,
        answer=s.ref('RecoveryInFull'), faults=(404, 409),
    ),
    Route(
        'GET', f'{ONE}/items', 'list_items', 'Its instances, in the order of their evacuation',
        _items, answer=s.listed('items', s.ref('Item')), faults=(404, 409),
        query={'state': s.many(s.ITEM_STATE), 'limit': s.LIMIT, 'marker': s.ID},
    ),
    Route(
        'GET', f'{ONE}/history', 'list_history', 'All that was decided, done and said', _history,
        answer=s.listed('history', s.ref('Entry')), faults=(404, 409),
        query={'sort': s.many(s.SORT), 'limit': s.LIMIT, 'marker': s.NUMBER},
    ),
    Route(
        'GET', f'{ONE}/graph', 'draw_recovery', 'Its graph with the state of each step', _graph,
        types=tuple(GRAPHS.values()), query=DRAWN, faults=(404, 409),
    ),
    Route(
        'GET', f'{ONE}/bundle', 'bundle_recovery', 'The proof bundle: everything on record',
        _bundle, answer=s.ref('Bundle'), faults=(404, 409),
    ),
    Route(
        'POST', f'{ONE}/actions', 'order_recovery', 'Approve, reject, cancel, rerun, settle',
        _order, answer=s.ref('RecoveryOrder'), actions=ACTIONS, faults=(404, 409),
    ),
    Route(
        'GET', '/kinds/{kind}/graph', 'draw_kind', 'The graph of a failure kind', _kind,
        types=tuple(GRAPHS.values()), query=DRAWN, faults=(404,),
    ),
)  # fmt: skip
