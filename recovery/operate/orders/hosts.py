"""Orders about one host: confirm-fenced, return, maintenance, set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from recovery.db import scopes
from recovery.intake import request_return
from recovery.operate.confirm import confirm_fenced
from recovery.operate.labels import label
from recovery.operate.orders.alarms import answered
from recovery.operate.service import maintain
from recovery.operate.stranger import doubt
from recovery.view.ids import short

if TYPE_CHECKING:
    from recovery.site import Site

Order = Mapping[str, Any]
Done = dict[str, Any]


def give(site: Site, host: str, order: Order, *, by: str) -> Done:
    """Do what is asked of a host, as Nova spells it.

    A return that was refused is no error here: its ``answer`` is not 'admit'.

    :param order: ``action``, ``reason``, and what the action takes.
    :raises recovery.operate.refusal.Refusal: nothing was changed.
    :raises drivers.contracts.errors.DriverError: Nova does not answer.
    """
    done = ACTIONS[order['action']](site, host, order, by, order.get('reason', ''))
    return {'action': order['action'], 'host': host} | done


def _confirm(site: Site, host: str, order: Order, by: str, reason: str) -> Done:
    done = confirm_fenced(site, host, by=by, reason=reason, force=order.get('force', False))
    return {
        'said': [f'recorded as proof {done.proof} of this round ({done.readings})'],
        'next': f'recovery watch {short(done.recovery)}',
        'proof': done.proof,
        'readings': done.readings,
        'recovery': done.recovery,
    }


def _return(site: Site, host: str, order: Order, by: str, reason: str) -> Done:
    return answered(
        request_return(
            site,
            host,
            by=by,
            reason=reason or f'asked for by {by}',
            accept_leftovers=order.get('accept_leftovers', False),
            rebooted=order.get('rebooted', False),
        )
    )


def _maintenance(site: Site, host: str, order: Order, by: str, reason: str) -> Done:
    maintain(site.store, host, order['on'], by=by, reason=reason)
    said = f'maintenance of {host} is {"on" if order["on"] else "off"}'
    strange = doubt(site.store, scopes.host(host)) if order['on'] else []
    return {'said': [said, *strange], 'next': ''}


def _set(site: Site, host: str, order: Order, by: str, reason: str) -> Done:
    segment, carries = order.get('segment'), order.get('carries')
    said = label(site.store, host, segment=segment, carries=carries, by=by, reason=reason)
    return {'said': [said, *doubt(site.store, scopes.host(host))], 'next': ''}


ACTIONS: Mapping[str, Callable[[Site, str, Order, str, str], Done]] = {
    'confirm-fenced': _confirm,
    'return': _return,
    'maintenance': _maintenance,
    'set': _set,
}
