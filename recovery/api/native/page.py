"""No answer is longer than a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recovery.api.native.route import Call
from recovery.view.ids import Unknown


def page(name: str, rows: Sequence[Mapping[str, Any]], key: str, call: Call) -> dict[str, Any]:
    """One page of rows that are all at hand.

    :param name: of the list in the answer.
    :param key: what a row is called by; the marker is that of the last one seen.
    :raises Unknown: no row has the marker's name.
    """
    begin = 0
    if call.marker is not None:
        names = [str(row[key]) for row in rows]
        if call.marker not in names:
            raise Unknown(f'there is no {call.marker!r} in this list to go on behind')
        begin = names.index(call.marker) + 1
    some = list(rows[begin : begin + call.limit])
    more = begin + call.limit < len(rows)
    return {name: some, 'next': str(some[-1][key]) if more and some else None}


def counted(name: str, rows: Sequence[Mapping[str, Any]], call: Call) -> dict[str, Any]:
    """One page of rows without names, which only grow at the end: the marker is their number."""
    begin = int(call.marker or 0)
    some = list(rows[begin : begin + call.limit])
    end = begin + len(some)
    return {name: some, 'next': str(end) if end < len(rows) else None}


def fetched(name: str, rows: Sequence[Mapping[str, Any]], key: str, call: Call) -> dict[str, Any]:
    """One page of rows that were asked for with one more than the limit."""
    some = list(rows[: call.limit])
    return {name: some, 'next': some[-1][key] if len(rows) > call.limit else None}
