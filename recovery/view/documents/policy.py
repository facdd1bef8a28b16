"""The gates, and what a look at the service finds, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from recovery.policy import directory, order

if TYPE_CHECKING:
    from recovery.site import Site

Document = dict[str, Any]


def gates(kinds: Sequence[str], stage: str | None = None) -> Iterator[Document]:
    """The gates of some kinds, in the order in which they are asked. Raises KeyError."""
    chosen = None if stage is None else order.Stage(stage)
    for kind in kinds:
        for number, one in enumerate(directory.entries(kind, chosen), 1):
            yield {
                'kind': kind,
                'number': number,
                'gate': one.gate.name,
                'question': one.gate.question,
                'needs': sorted(one.gate.needs),
                'on_missing': str(one.gate.on_missing),
                'approvable': one.gate.approvable,
                'stages': [str(each) for each in one.stages],
            }


def findings(site: Site) -> list[Document]:
    """A look at everything the service needs; no device is asked."""
    from recovery.view.doctor import examine

    return [
        {
            'level': str(one.level),
            'check': one.check,
            'finding': one.finding,
            'todo': one.todo,
        }
        for one in examine(site)
    ]
