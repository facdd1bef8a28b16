"""All gates are asked, the first that does not admit decides, and approval opens only some."""

from __future__ import annotations

from typing import Any

import pytest

from recovery.policy import order
from recovery.policy.decide import decide
from recovery.policy.gate import Answer, Gate, Word, admit, hold, ignore
from recovery.policy.inputs import Approval, Inputs
from recovery.policy.order import HOST_DOWN, HOST_RETURN, ORDER, Stage


def gate(name: str, answer: Answer, approvable: bool = True) -> Gate:
    return Gate(name, f'{name}?', 'closed: so', lambda _: answer, approvable=approvable)


OPEN = gate('open', admit('yes', a=1))
SHUT = gate('shut', hold('no', 'recovery approve ID', 7.0))
LOCKED = gate('locked', hold('never', 'recovery arm'), approvable=False)
GONE = gate('gone', ignore('too late'))


def ask(*gates: Gate, approved: tuple[str, ...] = ()) -> Any:
    approval = Approval('ann', frozenset(approved)) if approved else None
    return decide(gates, Inputs('host-down', 'c1', 0.0, approval=approval))


def test_all_admit() -> None:
    decision = ask(OPEN)
    assert (decision.word, decision.gate) == (Word.ADMIT, '')
    assert decision.verdict.answer == 'admit'


def test_the_first_that_does_not_admit_decides() -> None:
    decision = ask(OPEN, SHUT, GONE)
    assert (decision.word, decision.gate) == (Word.HOLD, 'shut')
    assert decision.verdict.verb == 'recovery approve ID'
    assert [one['gate'] for one in decision.records()] == ['open', 'shut', 'gone']


def test_a_record_holds_question_inputs_answer_and_reason() -> None:
    assert ask(OPEN).records() == [
        {
            'gate': 'open',
            'question': 'open?',
            'inputs': {'a': 1},
            'answer': 'admit',
            'reason': 'yes',
            'verb': '',
            'approved': False,
        }
    ]


def test_approval_passes_the_named_gate_and_says_so() -> None:
    decision = ask(SHUT, approved=('shut',))
    assert decision.word == Word.ADMIT
    assert decision.records()[0]['approved']
    assert decision.records()[0]['reason'] == 'approved by ann, although: no'


@pytest.mark.parametrize('closed', [LOCKED, GONE])
def test_approval_opens_neither_a_locked_gate_nor_an_end(closed: Gate) -> None:
    assert ask(closed, approved=(closed.name,)).word != Word.ADMIT


def test_approval_of_one_gate_leaves_the_others() -> None:
    assert ask(OPEN, SHUT, approved=('other',)).gate == 'shut'


def test_what_no_approval_opens() -> None:
    locked = {one.name for one in order.every_gate() if not one.approvable}
    assert locked == {
        'armed', 'paused', 'service', 'inventory', 'device-alone', 'identity', 'free', 'records',
        'veto',
        'instance', 'wanted', 'restartable', 'host-recovery', 'host-serves', 'closed',
    }  # fmt: skip


def test_switches_are_asked_at_every_stage() -> None:
    for stages in ORDER.values():
        for gates in stages.values():
            assert set(order.SWITCHES) <= set(gates)


def test_the_line_counts_and_below_it_nothing_is_counted() -> None:
    names = {stage: {one.name for one in ORDER[HOST_DOWN][stage]} for stage in Stage}
    counts = {'mass-failure', 'fence-budget'}
    assert counts <= names[Stage.LINE]
    assert not counts & names[Stage.BELOW]
    assert names[Stage.BELOW] <= names[Stage.VERIFY]  # so its inputs are gathered by then


def test_no_gate_is_asked_twice() -> None:
    for stages in ORDER.values():
        for gates in stages.values():
            assert len({one.name for one in gates}) == len(gates)


def test_precedence() -> None:
    assert order.supersedes(HOST_DOWN, HOST_RETURN)
    assert not order.supersedes(HOST_RETURN, HOST_DOWN)
    assert not order.supersedes(HOST_DOWN, HOST_DOWN)
