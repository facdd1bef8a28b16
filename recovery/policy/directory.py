"""The gates as they are listed: of each kind, in order, and at which stages they are asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recovery.policy import order
from recovery.policy.gate import Gate
from recovery.policy.order import Stage


@dataclass(frozen=True)
class Entry:
    """One gate of one kind."""

    kind: str
    gate: Gate
    stages: tuple[Stage, ...]


def entries(kind: str, stage: Stage | None = None) -> tuple[Entry, ...]:
    """The gates of a kind in order: of one stage, or of all. Raises KeyError."""
    stages = order.ORDER[kind]
    listed = stages[stage] if stage is not None else _merged(stages.values())
    return tuple(
        Entry(kind, gate, tuple(one for one in stages if gate in stages[one])) for gate in listed
    )


def _merged(lists: Iterable[tuple[Gate, ...]]) -> list[Gate]:
    """One order that all stages agree with, as far as they agree with each other."""
    found: list[Gate] = []
    for gates in sorted(lists, key=len, reverse=True):
        place = 0
        for gate in gates:
            if gate in found:
                place = max(place, found.index(gate) + 1)
            else:
                found.insert(place, gate)
                place += 1
    return found
