"""Lists of recoveries, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recovery.view.documents import recoveries
from recovery.view.ids import Ambiguous, Unknown
from recovery.view.recoveries import Filter
from tests.unit.recovery.cli.site import Operator, operator


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Operator]:
    with operator(tmp_path) as found:
        yield found


@pytest.mark.parametrize('size', [1, 2, 3, 7])
def test_behind_a_marker_nothing_is_lost_or_seen_twice(run: Operator, size: int) -> None:
    now = run.store.clock.now()
    made = [run.recovery(f'c{number}', created_at=now - number // 3) for number in range(7)]
    seen: list[str] = []
    while True:
        marker = seen[-1] if seen else None
        rows = recoveries.listing(run.store, Filter(), size, marker)
        seen += [row['id'] for row in rows]
        if len(rows) < size:
            break
    assert sorted(seen) == sorted(made)
    assert seen == [row['id'] for row in recoveries.listing(run.store, Filter())]


def test_a_marker_that_there_is_not(run: Operator) -> None:
    with pytest.raises(Unknown):
        recoveries.listing(run.store, Filter(), 1, 'f' * 36)


def test_an_id_that_several_begin_with(run: Operator) -> None:
    for number in range(2):
        run.recovery(f'c{number}', id=f'abc{number}{"0" * 32}')
    with pytest.raises(Ambiguous):
        recoveries.items(run.store, 'abc')


def test_only_some_sorts_of_a_history(run: Operator) -> None:
    identifier = run.recovery()
    run.add('event', recovery=identifier, at=1.5, who='w', what='begun', why='')
    run.intent(identifier)
    (entry,) = recoveries.history(run.store, identifier, ['event'])
    assert (entry['at'], entry['what']) == ('1970-01-01T00:00:01.500Z', 'begun')
    assert len(recoveries.history(run.store, identifier)) > 1
