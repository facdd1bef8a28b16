"""Evacuations that died with their destination: Nova's record of them never ends by itself.

Measured on Nova 34: a destination that is switched off in the middle of a rebuild, and returns,
leaves the record at pre-migrating and the instance where it was. Only a destination that has
begun is meant: an accepted request may sit in its queue and is carried out when it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from drivers.contracts.compute import Migration
from flows.evacuation.table import ENDED

BEGUN = 'pre-migrating'
LOST = 'lost'  #: our word, never Nova's
MARGIN_SECONDS = 5.0  # between Nova's clock and ours; a host takes longer to boot
SUCCEEDED = frozenset({'done', 'completed'})

#: Whether the destination of a record has a proof of its own after that time.
Proven = Callable[[Migration, float], bool]


def is_lost(record: Migration, proven: Proven) -> bool:
    """Whether its destination was proven off after it had begun."""
    if (record.type, record.status) != ('evacuation', BEGUN) or record.destination is None:
        return False
    began = record.updated_at or record.created_at
    return proven(record, began + MARGIN_SECONDS)


def told(record: Migration, proven: Proven) -> Migration:
    """The record, with status :data:`LOST` if that is what it is."""
    return replace(record, status=LOST) if is_lost(record, proven) else record


def still_open(records: Iterable[Migration], proven: Proven) -> list[Migration]:
    """Evacuations that have not ended.

    A lost one counts as ended when a later one of its instance succeeded: until then the agent
    of the source would destroy, when it starts, the only disk that there is.
    """
    found = list(records)
    newest: dict[str, int] = {}
    for one in found:
        if one.status in SUCCEEDED:
            newest[one.instance] = max(newest.get(one.instance, 0), one.id)
    return [
        one
        for one in found
        if one.status not in ENDED
        and not (one.id < newest.get(one.instance, 0) and is_lost(one, proven))
    ]
