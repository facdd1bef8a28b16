"""A recovery in the words of Masakari's clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recovery.db.pages import Page
from recovery.view.notifications import details, move, moves
from tests.unit.recovery.cli.site import Operator, operator
from tests.unit.recovery.cli.test_history import store_book

BEGAN = 1936926625.5  # as store_book says it


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Operator]:
    with operator(tmp_path) as found:
        yield found


def recovering(run: Operator, atoms: dict[str, str], state: str = 'running') -> str:
    times = {name: BEGAN + 3.0 * number for number, name in enumerate(atoms)}
    identifier = run.recovery(state=state, book='b1', notes={'steps': {'1': times}})
    with run.store.write() as connection:
        store_book(connection, atoms)
    return identifier


def test_before_it_began(run: Operator) -> None:
    found = details(run.store, run.recovery())
    assert found[0].name == 'verify-down'
    assert {(one.state, one.progress, one.told) for one in found} == {('PENDING', 0.0, ())}


def test_steps_have_states_progress_and_a_story(run: Operator) -> None:
    identifier = recovering(run, {'verify-down': 'SUCCESS', 'disable-service': 'RUNNING'})
    run.add('event', recovery=identifier, at=BEGAN + 1, who='w1', what='asked again', why='')
    run.add('event', recovery=identifier, at=BEGAN + 4, who='w1', what='disabled', why='')
    first, second, third, *_ = details(run.store, identifier)
    assert (first.name, first.state, first.progress) == ('verify-down', 'SUCCESS', 1.0)
    assert [message for _, _, message in first.told] == [
        'verify-down has begun', 'asked again', 'verify-down is done',
    ]  # fmt: skip
    assert [at for at, _, _ in first.told] == [BEGAN, BEGAN + 1, BEGAN + 3]
    assert (second.state, second.progress) == ('RUNNING', 0.0)
    assert [message for _, _, message in second.told] == ['disable-service has begun', 'disabled']
    assert (third.state, third.told) == ('PENDING', ())


@pytest.mark.parametrize(
    ('atom', 'state', 'expected'),
    [
        ('FAILURE', 'waiting', 'FAILURE'),
        ('RUNNING', 'waiting', 'RUNNING'),
        ('RUNNING', 'ready', 'RUNNING'),
        ('RUNNING', 'cancelled', 'FAILURE'),
        ('REVERTED', 'undone', 'FAILURE'),
    ],
)
def test_only_four_words_for_states(run: Operator, atom: str, state: str, expected: str) -> None:
    identifier = recovering(run, {'verify-down': atom}, state)
    assert details(run.store, identifier)[0].state == expected


def test_evacuate_counts_its_items(run: Operator) -> None:
    identifier = recovering(run, {'evacuate': 'RUNNING'})
    for number, state in enumerate(('moved', 'failed', 'left', 'started')):
        run.item(identifier, f'vm-{number}', state)
    found = next(one for one in details(run.store, identifier) if one.name == 'evacuate')
    assert (found.state, found.progress) == ('RUNNING', 0.75)


def test_one_that_has_been_forgotten(run: Operator) -> None:
    assert details(run.store, 'c0ffee00-0000-4000-8000-000000000000') == ()


def test_moves_keep_their_names(run: Operator) -> None:
    identifier, other = run.recovery(), run.recovery('compute-02')
    for number in range(3):
        run.item(identifier, f'vm-{number}', 'moved')
    run.item(other, 'vm-9', 'moved', source='compute-02')
    found = moves(run.store, identifier, Page())
    assert [one.name for one in found] == ['vm-2', 'vm-1', 'vm-0']
    assert len({one.uuid for one in found}) == 3
    assert [move(run.store, identifier, one.uuid) for one in found] == list(found)
    assert move(run.store, other, found[0].uuid) is None
    assert moves(run.store, identifier, Page(), 'failed') == ()
