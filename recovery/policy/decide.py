"""Run gates in order. All are asked, for the record; the first that does not admit decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flows.records import Verdict
from recovery.policy import recorded, weakening
from recovery.policy.gate import ENDED, Answer, Gate, Word, admit
from recovery.policy.inputs import Inputs


@dataclass(frozen=True)
class Asked:
    """One gate and what it said."""

    gate: Gate
    answer: Answer
    approved: bool = False  #: it holds, and a human let it pass

    def record(self) -> dict[str, Any]:
        """As it is stored and printed."""
        record = {
            'gate': self.gate.name,
            'question': self.gate.question,
            'inputs': dict(self.answer.seen),
            'answer': str(self.answer.word),
            'reason': self.answer.reason,
            'verb': self.answer.verb,
            'approved': self.approved,
        }
        if self.answer.finding:
            record |= {'finding': self.answer.finding, 'extent': dict(self.answer.extent)}
        return record


@dataclass(frozen=True)
class Decision:
    """The answer of all gates together."""

    asked: tuple[Asked, ...]
    inputs: Inputs
    may_end: bool = True

    @cached_property
    def packed(self) -> bytes:
        """What the gates looked at, as it is stored; some milliseconds for a thousand hosts."""
        return recorded.encode(self.inputs, may_end=self.may_end)

    @property
    def deciding(self) -> Asked | None:
        """The first gate that does not admit; None when all do."""
        for one in self.asked:
            if one.answer.word != Word.ADMIT:
                return one
        return None

    @property
    def word(self) -> Word:
        return self.deciding.answer.word if self.deciding else Word.ADMIT

    @property
    def gate(self) -> str:
        return self.deciding.gate.name if self.deciding else ''

    @property
    def answer(self) -> Answer:
        """The deciding gate's answer."""
        if self.deciding:
            return self.deciding.answer
        passed = [one.gate.name for one in self.asked if one.approved]
        why = f' or was approved: {", ".join(passed)}' if passed else ''
        return admit(f'every gate admits it{why}{self._weakened()}')

    def _weakened(self) -> str:
        changed = {
            one.gate.name: one.answer.seen[weakening.WEAKENED]
            for one in self.asked
            if weakening.WEAKENED in one.answer.seen
        }
        said = ', '.join(f'{name} ({why})' for name, why in changed.items())
        return f'; weakened by options: {said}' if changed else ''

    @property
    def verdict(self) -> Verdict:
        """As tasks take it."""
        answer = self.answer
        return Verdict(str(self.word), self.gate, answer.reason, answer.verb)

    @property
    def holding(self) -> tuple[Asked, ...]:
        """Every gate that holds: what an approval has to cover."""
        return tuple(one for one in self.asked if one.answer.word == Word.HOLD)

    def admitted(self, gate: str) -> bool:
        """Whether that gate was asked and is open by itself."""
        named = (one for one in self.asked if one.gate.name == gate)
        return any(one.answer.word == Word.ADMIT and not one.approved for one in named)

    def records(self) -> list[dict[str, Any]]:
        """All gates, as they are stored."""
        return [one.record() for one in self.asked]


def decide(gates: Iterable[Gate], inputs: Inputs, *, may_end: bool = True) -> Decision:
    """Ask every gate.

    :param may_end: False for a recovery that has powered its host off: it is never no longer
        needed, so that what would be ignored is held for a human.
    """
    return Decision(tuple(_ask(gate, inputs, may_end) for gate in gates), inputs, may_end)


def _ask(gate: Gate, inputs: Inputs, may_end: bool) -> Asked:
    answer = weakening.confess(gate, inputs, gate.decide(inputs))
    if answer.word == Word.IGNORE and not may_end:
        verb = f'recovery cancel {inputs.id} --leave'
        answer = replace(answer, word=Word.HOLD, verb=verb, finding=ENDED)
    approval = inputs.approval
    if (
        answer.word == Word.HOLD
        and gate.approvable
        and approval is not None
        and approval.passes(gate.name, answer.finding, answer.extent)
    ):
        passed = f'approved by {approval.by}, although: {answer.reason}'
        opened = replace(answer, word=Word.ADMIT, reason=passed, verb='', again_in=None)
        return Asked(gate, opened, approved=True)
    return Asked(gate, answer)
