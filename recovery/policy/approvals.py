"""Approvals as they are stored with a recovery: what a human saw hold, and let pass.

An entry is a finding: ``{"gate": "mass-failure", "kind": "found", "extent": {"cloud": 8}}``.
Releases before this one stored the name of a gate alone, which passes whatever the gate finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from recovery.policy.gate import Answer
from recovery.policy.inputs import Approval, Finding

Entry = str | dict[str, Any]


def of_answer(gate: str, answer: Answer) -> Entry:
    """What approving this answer of a gate stores."""
    return asdict(Finding(gate, answer.finding, dict(answer.extent)))


def of_record(gate: Mapping[str, Any]) -> Entry:
    """What approving a gate stores, as a decision has it on record.

    A decision of an earlier release says no finding: then its gate is approved by name.
    """
    name, kind = str(gate['gate']), gate.get('finding')
    return name if not kind else asdict(Finding(name, str(kind), gate.get('extent') or {}))


def together(before: Iterable[Entry] | None, now: Iterable[Entry]) -> list[Entry]:
    """What was approved before, and what is now; each once."""
    found: list[Entry] = []
    for one in (*(before or ()), *now):
        if one not in found:
            found.append(one)
    return found


def names(entries: Iterable[Entry] | None) -> tuple[str, ...]:
    """The gates that are approved for something."""
    return tuple(sorted({one if isinstance(one, str) else one['gate'] for one in entries or ()}))


def approval(by: str | None, entries: Iterable[Entry] | None) -> Approval | None:
    """As gates take it; None when nobody approved anything."""
    if not by:
        return None
    every = tuple(entries or ())
    findings = tuple(
        Finding(one['gate'], one['kind'], one.get('extent') or {})
        for one in every
        if not isinstance(one, str)
    )
    return Approval(by, frozenset(one for one in every if isinstance(one, str)), findings)
