"""Adding and closing windows: what makes no sense is refused with a sentence."""

from __future__ import annotations

import pytest

from recovery.db import windows as table
from recovery.operate import windows
from recovery.operate.refusal import Refusal
from tests.unit.recovery.cli.site import Operator

pytestmark = pytest.mark.usefixtures('run')


def test_added_found_and_closed(run: Operator) -> None:
    store = run.store
    now = store.clock.now()
    added = windows.add(
        store, scope='host:c1', begins_at=None, ends_at=now + 60, by='ann', reason='disks'
    )
    assert windows.find(store, added.id[:8]) == added
    windows.close(store, added, by='bob', reason='done')
    with pytest.raises(Refusal, match='has ended already'):
        windows.close(store, added, by='bob', reason='again')
    with store.read() as connection:
        found = table.get(connection, added.id)
    assert found is not None
    assert found.closed_by == 'bob'


@pytest.mark.parametrize(
    ('begins', 'ends', 'why'),
    [
        (None, -1.0, 'have ended already'),
        (100.0, 50.0, 'end before it begins'),
        (0.0, 91 * 86400.0, 'at most 90 days'),
    ],
)
def test_times_that_make_no_sense(
    run: Operator, begins: float | None, ends: float, why: str
) -> None:
    now = run.store.clock.now()
    at = None if begins is None else now + begins
    with pytest.raises(Refusal, match=why):
        windows.add(
            run.store, scope='cloud', begins_at=at, ends_at=now + ends, by='ann', reason='x'
        )
    assert run.rows('window') == []


def test_not_one_but_none_or_many(run: Operator) -> None:
    now = run.store.clock.now()
    for number in range(2):
        run.add('window', id=f'ab{number}' * 12, scope='cloud', begins_at=now, ends_at=now + 9,
                by='ann', reason='', at=now)  # fmt: skip
    with pytest.raises(Refusal, match='more than one window'):
        windows.find(run.store, 'ab')
    with pytest.raises(Refusal, match='there is no window cd'):
        windows.find(run.store, 'cd')
