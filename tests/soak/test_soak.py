"""A sample of the runs of tools/soak, and that it would say so if something were broken."""

from __future__ import annotations

import pytest

from tests.soak.draw import plan
from tests.soak.perform import perform, untold

SEEDS = range(1, 25)


@pytest.mark.parametrize('seed', SEEDS)
def test_nothing_to_complain_of(seed: int) -> None:
    run = untold(seed)
    told = '\n'.join(run.complaints)
    assert not run.complaints, f'tools/soak --one {seed} --log\n{told}'


def test_the_same_number_is_the_same_run() -> None:
    assert plan(7) == plan(7)
    first, second = perform(plan(7)), perform(plan(7))
    assert first.story == second.story
    assert first.counts == second.counts


def test_another_number_is_another_run() -> None:
    assert plan(7).deeds != plan(8).deeds
