"""The list of gates is the order in which they are asked."""

from __future__ import annotations

import pytest

from recovery.policy import order
from recovery.policy.directory import entries
from recovery.policy.order import Stage


@pytest.mark.parametrize('kind', list(order.ORDER))
@pytest.mark.parametrize('stage', list(Stage))
def test_of_one_stage_it_is_exactly_that(kind: str, stage: Stage) -> None:
    assert tuple(one.gate for one in entries(kind, stage)) == order.gates(kind, stage)


@pytest.mark.parametrize('kind', list(order.ORDER))
def test_of_all_stages_it_has_each_gate_once_in_the_order_of_the_first_stage(kind: str) -> None:
    found = entries(kind)
    names = [one.gate.name for one in found]
    wanted = {gate.name for stage in Stage for gate in order.gates(kind, stage)}
    assert sorted(names) == sorted(wanted)
    for stage in (Stage.PLAN, Stage.INTAKE):
        asked = [gate.name for gate in order.gates(kind, stage)]
        assert [name for name in names if name in asked] == asked
    for one in found:
        assert one.stages == tuple(s for s in order.ORDER[kind] if one.gate in order.ORDER[kind][s])
