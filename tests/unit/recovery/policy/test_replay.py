"""A decision made again is the same, or says which gate differs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from drivers.contracts.compute import Service
from recovery.policy import order, recorded
from recovery.policy.decide import Decision, decide
from recovery.policy.inputs import Approval, HostRecord, Inputs, Switch
from recovery.policy.order import HOST_DOWN, Stage
from recovery.policy.reading import BadRecord
from recovery.policy.replay import case_of
from recovery.policy.replay import replay as again

DOWN = Service('s1', 'c1', True, 'down', False, None, 900.0)
UP = Service('s2', 'c2', True, 'up', False, None, 999.0)
INPUTS = Inputs(HOST_DOWN, 'c1', 1000.0, services=(DOWN, UP), host=HostRecord('c1'))


def decided(inputs: Inputs, stage: Stage = Stage.INTAKE) -> Decision:
    return decide(order.gates(inputs.kind, stage), inputs)


def kept(decision: Decision, stage: Stage = Stage.INTAKE) -> dict[str, Any]:
    return {
        'stage': str(stage),
        'answer': str(decision.word),
        'gate': decision.gate,
        'gates': decision.records(),
        'replay': recorded.as_json(decision.inputs, may_end=decision.may_end),
    }


@pytest.mark.parametrize('kind', list(order.ORDER))
@pytest.mark.parametrize('stage', list(Stage))
@pytest.mark.parametrize('may_end', [True, False])
def test_every_stage_of_every_kind_is_the_same_again(
    kind: str, stage: Stage, may_end: bool
) -> None:
    inputs = replace(INPUTS, kind=kind, paused=Switch('ann', 'because'))
    found = again(case_of(kept(decide(order.gates(kind, stage), inputs, may_end=may_end))))
    assert found.differences == ()
    assert [one.gate for one in found.lines] == [one.name for one in order.gates(kind, stage)]


def test_an_approval_is_part_of_what_was_said() -> None:
    inputs = replace(INPUTS, host=HostRecord('c1', maintenance=True, maintenance_by='ann'))
    assert decided(inputs).gate != ''
    approved = replace(inputs, approval=Approval('bob', frozenset({'maintenance'})))
    case = case_of(kept(decided(approved)))
    assert again(case).differences == ()
    (line,) = [one for one in again(case).lines if one.gate == 'maintenance']
    assert line.now == 'admit by approval'


def test_other_inputs_differ_and_the_gate_is_named() -> None:
    row = kept(decided(INPUTS))
    row['replay']['inputs']['paused'] = {'by': 'ann', 'reason': 'x', 'scope': 'cloud'}
    said = again(case_of(row)).differences
    assert 'the gate "paused" said admit, and says hold' in said


def test_a_gate_that_this_release_lacks_is_named() -> None:
    row = kept(decided(INPUTS))
    row['gates'].append({'gate': 'moon', 'answer': 'admit', 'approved': False})
    assert again(case_of(row)).differences == ('this release has no gate "moon", which said admit',)


def test_a_decision_that_was_another_is_named() -> None:
    row = kept(decided(INPUTS)) | {'answer': 'ignore', 'gate': 'free'}
    (said,) = again(case_of(row)).differences
    assert said.startswith('the decision was ignore by the gate "free", and is ')


def test_without_an_answer_on_record_nothing_differs() -> None:
    row = kept(decided(INPUTS))
    row |= {'answer': None, 'gates': [one['gate'] for one in row['gates']]}
    found = again(case_of(row))
    assert found.differences == ()
    assert {one.then for one in found.lines} == {None}
    assert str(found.decision.word) == str(decided(INPUTS).word)


@pytest.mark.parametrize(
    ('row', 'said'),
    [
        ([], 'an object with gates'),
        ({'gates': []}, 'was not kept'),
        ({'gates': [7], 'replay': {}}, r'gates\[0\] names no gate'),
        ({'gates': ['free'], 'replay': {}}, 'no recorded inputs'),
    ],
)
def test_what_is_no_decision_is_refused(row: Any, said: str) -> None:
    with pytest.raises(BadRecord, match=said):
        case_of(row)
