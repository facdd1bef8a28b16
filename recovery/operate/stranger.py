"""Names that are of no host and no segment as far as we know: mostly misspelt ones.

An order about one is carried out all the same, for what we know may be old, and a pause must
never wait for Nova. Whoever gave it is told that nothing is covered by it.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from flows.stop import StoreAway
from recovery.db import fence_paths, hosts, scopes
from recovery.db.store import Store

SHOWN = 5  #: names that a sentence gives


def doubt(store: Store, scope: str) -> list[str]:
    """One sentence about a scope that covers no host, or none: also when the database is away, for
    the order is in force by now."""
    kind, _, name = scope.partition(':')
    if scope == scopes.CLOUD:
        return []
    try:
        with store.read() as connection:
            if kind == 'segment':
                known = sorted({one.segment for one in hosts.every(connection) if one.segment})
            else:
                known = sorted(fence_paths.grades(connection))
    except StoreAway:
        return []
    # Without a name at all watchers check no fence path, and which hosts there are is not known.
    if name in known or (kind == 'host' and not known):
        return []
    if kind == 'segment':
        return [f'but no host is in segment {name}: {_rather(name, known)}']
    return [f'but the watchers last saw no host {name} in Nova: {_rather(name, known)}']


def _rather(name: str, known: Sequence[str]) -> str:
    spelt = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name.lower(), spelt, n=1)
    if near:
        return f'is {spelt[near[0]]} meant?'
    more = f' and {len(known) - SHOWN} more' if len(known) > SHOWN else ''
    return f'there are {", ".join(known[:SHOWN])}{more}' if known else 'no host is in any'
