"""The steps that are shown are those that the round has, or will have."""

from __future__ import annotations

import pytest

from recovery.view import recoveries, shape, steps
from tests.stage import play

HOST = 'compute-01'
SPARE = {'take-spare', 'return-spare'}


def test_before_it_begins_they_are_those_of_its_own_method() -> None:
    with play(hosts=3, instances=2) as stage:
        stage.alarm(HOST)  # it lives: the alarm is held
        (row,) = stage.recoveries()
        assert row['state'] == 'held'
        held = recoveries.recovery(stage.site.store, row['id'])
        names = {one.name for one in steps.shapes(stage.site.store, held)}
        shown = {step.name for each in steps.tree(stage.site.store, held) for step in each.steps}
    assert names == shown
    assert 'evacuate' in names
    assert not names & SPARE


@pytest.mark.parametrize(('method', 'spares'), [('auto', False), ('rh_priority', True)])
def test_arguments_choose_the_steps(method: str, spares: bool) -> None:
    with play(hosts=1, instances=0) as stage:
        stage.alarm(HOST)
        arguments = {**stage.recoveries()[0]['arguments'], 'method': method}
    names = {one.name for one in shape.of_arguments('host-down', arguments)}
    assert (names >= SPARE) == spares


def test_arguments_of_another_release_show_the_kind() -> None:
    assert shape.of_arguments('host-down', {'unheard_of': 1}) == shape.of_kind('host-down')
