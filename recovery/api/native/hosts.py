"""Hosts: the list, one in full, orders, what would happen, and fence paths."""

from __future__ import annotations

from typing import Any

from recovery.api.caller import allow, caller
from recovery.api.native import schemas as s
from recovery.api.native.page import page
from recovery.api.native.route import Call, Route
from recovery.db import hosts
from recovery.intake.plan import plan
from recovery.operate.labels import CARRIES
from recovery.operate.orders import hosts as orders
from recovery.operate.rules import FORCED
from recovery.view.documents import hosts as documents

ONE = '/hosts/{host}'
ORDERS = {
    'confirm-fenced': 'confirm-fenced',
    'return': 'host-return',
    'maintenance': 'host-maintenance',
    'set': 'host-set',
}


def _list(call: Call) -> Any:
    found = documents.listing(call.site)
    return page('hosts', found['hosts'], 'host', call) | {'trouble': found['trouble']}


def _show(call: Call) -> Any:
    return documents.one(call.site, call.path['host'])


def _plan(call: Call) -> Any:
    return plan(call.site, call.path['host'], call.body.get('kind', 'host-down')).as_dict()


def _order(call: Call) -> Any:
    host, body = call.path['host'], call.body
    with call.site.store.read() as connection:
        segment = hosts.get(connection, host).segment
    order = ORDERS[body['action']]
    allow(order, host=host, segment=segment)
    if body['action'] == 'confirm-fenced' and body.get('force'):
        allow(FORCED, host=host, segment=segment)
    if body['action'] == 'set' and body.get('segment'):
        allow(order, host=host, segment=body['segment'])  # also where it goes to
    return orders.give(call.site, host, body, by=caller().name)


def _paths(call: Call) -> Any:
    return page('fence_paths', documents.paths(call.site.store), 'host', call)


def _path(call: Call) -> Any:
    return documents.path(call.site.store, call.path['host'])


def _reasoned(schema: s.Schema, name: str) -> s.Schema:
    """With a reason that is demanded when something is switched on."""
    on = {'properties': {name: {'const': True}}, 'required': [name]}
    return {**schema, 'if': on, 'then': {'properties': {'reason': s.WHY}, 'required': ['reason']}}


ACTIONS = {
    'confirm-fenced': s.action('confirm-fenced', ('reason',), reason=s.WHY, force=s.FLAG),
    'return': _reasoned(
        s.action('return', accept_leftovers=s.FLAG, rebooted=s.FLAG), 'accept_leftovers'
    ),
    'maintenance': _reasoned(s.action('maintenance', ('on',), on={'type': 'boolean'}), 'on'),
    'set': {
        **s.action(
            'set',
            segment={
                'type': 'string',
                'maxLength': 255,
                'pattern': s.CLEAN,
                'description': "'' takes it out of its segment",
            },
            carries={'type': 'array', 'items': {'enum': sorted(CARRIES)}, 'maxItems': 20},
        ),
        'anyOf': [{'required': ['segment']}, {'required': ['carries']}],
        'description': 'with a segment, or with what it carries, or with both',
    },
}
HOSTS = s.listed('hosts', s.ref('Host'))
ROUTES = (
    Route(
        'GET', '/hosts', 'list_hosts', 'Hosts as Nova, the inventory and we know them', _list,
        answer=s.given(**HOSTS['properties'], trouble=s.TEXTS), faults=(404,),
        query={'limit': s.LIMIT, 'marker': s.MARKER},
    ),
    Route(
        'GET', ONE, 'show_host', 'One host, its devices asked now', _show,
        answer=s.ref('HostInFull'), faults=(404,),
    ),
    Route(
        'POST', f'{ONE}/actions', 'order_host', 'Confirm-fenced, return, maintenance, set', _order,
        actions=ACTIONS, answer=s.ref('HostOrder'), faults=(409,),
    ),
    Route(
        'POST', f'{ONE}/plan', 'plan_host', 'What an alarm would lead to now; writes nothing',
        _plan, body=s.taken(kind=s.KIND), answer=s.ref('Plan'),
    ),
    Route(
        'GET', '/fence-paths', 'list_fence_paths', 'What the newest checks found', _paths,
        answer=s.listed('fence_paths', s.ref('FencePath')), faults=(404,),
        query={'limit': s.LIMIT, 'marker': s.MARKER},
    ),
    Route(
        'GET', '/fence-paths/{host}', 'show_fence_path', 'Likewise of one host', _path,
        answer=s.ref('FencePath'), faults=(404,),
    ),
)  # fmt: skip
