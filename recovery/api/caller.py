"""Who calls, and what she may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import flask

from recovery.api.faults import Fault
from recovery.operate.callers import Caller
from recovery.operate.refusal import Refusal
from recovery.operate.rules import ANYWHERE, Rules

V = TypeVar('V', bound=Callable[..., Any])

ENVIRON = 'recovery.caller'  #: where the door of the application says who calls
RULES = 'recovery.rules'  #: the name of the rules among the extensions of the application
READ = 'read'  #: the order that every GET is, unless the view says otherwise


def caller() -> Caller:
    """Who calls. Raises Fault (401): nobody knows, as below webhooks."""
    found = flask.request.environ.get(ENVIRON)
    if not isinstance(found, Caller):
        raise Fault(401, 'The request you have made requires authentication.')
    return found


def allow(order: str, *, host: str = '', segment: str | None = None) -> None:
    """Return when the caller may give the order.

    :param order: one of those of ``recovery.operate.rules``.
    :param host: what it acts on; '' when it is about no host.
    :param segment: that it acts on, or that the host belongs to; None: in none, or all of them.
    :raises Fault: 401, 403; names the rule.
    """
    rules: Rules = flask.current_app.extensions[RULES]
    try:
        rules.demand(order, caller(), host=host, segment=segment)
    except Refusal as refusal:
        raise Fault(403, refusal.sentence) from refusal


def needs(order: str) -> Callable[[V], V]:
    """For a view: ask for this order before it is called. ``''``: whoever is known may call.

    A GET without it asks for ``read``; everything else asks for nothing by itself: the view calls
    :func:`allow` once it knows the host and the segment.
    """

    def mark(view: V) -> V:
        view.needs = order  # type: ignore[attr-defined]
        return view

    return mark


def refuse_strangers(view: Any) -> None:
    """Before a view is called. Raises Fault."""
    reads = flask.request.method in ('GET', 'HEAD')
    order = getattr(view, 'needs', READ if reads else '')
    if order:
        # What one may see is not bound to segments: a role anywhere is enough.
        allow(order, segment=ANYWHERE if order == READ else None)
    else:
        caller()
