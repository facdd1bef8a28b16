"""A decision made again from its record: the same gates, the same inputs, and what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from recovery.policy import order, recorded
from recovery.policy.decide import Asked, Decision, decide
from recovery.policy.inputs import Limits
from recovery.policy.reading import BadRecord, read
from recovery.policy.recorded import Recorded


@dataclass(frozen=True)
class Case:
    """A decision on record."""

    stage: str
    gates: tuple[str, ...]  #: names, in the order in which they were asked
    recorded: Recorded
    at: str = ''  #: when it was made, for people
    answer: str | None = None  #: None: nothing is on record but the inputs
    gate: str = ''  #: the one that decided
    before: Mapping[str, Mapping[str, Any]] | None = None  #: by gate, as it was recorded


@dataclass(frozen=True)
class Line:
    """One gate: what it said then, and what it says now."""

    gate: str
    then: str | None  #: None: it was not asked, or nothing is on record
    now: str | None  #: None: this release has no such gate
    reason: str

    @property
    def differs(self) -> bool:
        return self.then is not None and self.then != self.now


@dataclass(frozen=True)
class Replay:
    """A case, and the decision that its gates make now."""

    case: Case
    decision: Decision
    lines: tuple[Line, ...]

    @property
    def differences(self) -> tuple[str, ...]:
        """Sentences; none when the decision is the one on record, or none is on record."""
        if self.case.answer is None:
            return ()
        found = [
            f'the gate "{one.gate}" said {one.then}, and says {one.now}'
            if one.now is not None
            else f'this release has no gate "{one.gate}", which said {one.then}'
            for one in self.lines
            if one.differs
        ]
        now, then = (
            (str(self.decision.word), self.decision.gate),
            (self.case.answer, self.case.gate),
        )
        if now != then:
            found.append(f'the decision was {_said(*then)}, and is {_said(*now)}')
        return tuple(found)


def replay(case: Case) -> Replay:
    """Ask the gates of a case again."""
    known = {gate.name: gate for gate in order.every_gate()}
    asked = [known[name] for name in case.gates if name in known]
    decision = decide(asked, case.recorded.inputs, may_end=case.recorded.may_end)
    return Replay(case, decision, tuple(_lines(case, decision)))


def with_limits(case: Case, changes: Mapping[str, Any]) -> Case:
    """A case as it would have been with other numbers of the policy.

    :raises BadRecord: there is no such number, or the value is none for it.
    """
    inputs = case.recorded.inputs
    now = asdict(inputs.limits)
    if strange := sorted(changes.keys() - now.keys()):
        raise BadRecord(f'there is no limit {strange[0]!r}; there are: {", ".join(now)}')
    limits, _ = read(Limits, {**now, **changes}, 'limits')
    return replace(case, recorded=replace(case.recorded, inputs=replace(inputs, limits=limits)))


def case_of(value: Any) -> Case:
    """A case from a decision as a bundle, or a file of 'recovery plan', has it.

    :raises BadRecord: it is none, or its inputs were not kept.
    """
    if not isinstance(value, dict) or not isinstance(value.get('gates'), list):
        raise BadRecord('a decision is an object with gates and what they looked at')
    if value.get('replay') is None:
        raise BadRecord('what the gates looked at was not kept with this decision')
    before = _before(value['gates'])
    kept = recorded.from_json(value['replay'])
    answer = value.get('answer')
    return Case(
        stage=str(value.get('stage', '')),
        gates=tuple(before),
        recorded=kept,
        at=str(value.get('at', '')),
        answer=None if answer is None else str(answer),
        gate=str(value.get('gate') or ''),
        before=before if answer is not None else None,
    )


def _before(gates: Sequence[Any]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for number, one in enumerate(gates):
        if isinstance(one, str):  # only the names: no answers are on record
            found[one] = {}
        elif isinstance(one, dict) and isinstance(one.get('gate'), str):
            found[one['gate']] = one
        else:
            raise BadRecord(f'gates[{number}] names no gate')
    return found


def _lines(case: Case, decision: Decision) -> Iterator[Line]:
    now = {one.gate.name: one for one in decision.asked}
    for name in case.gates:
        then = None if case.before is None else _word(case.before[name])
        if name not in now:
            yield Line(name, then, None, 'this release has no such gate')
            continue
        yield Line(name, then, _asked_word(now[name]), now[name].answer.reason)


def _word(kept: Mapping[str, Any]) -> str | None:
    answer = kept.get('answer')
    return f'{answer}{" by approval" if kept.get("approved") else ""}' if answer else None


def _asked_word(asked: Asked) -> str:
    return f'{asked.answer.word}{" by approval" if asked.approved else ""}'


def _said(answer: str, gate: str) -> str:
    return f'{answer} by the gate "{gate}"' if gate else answer
