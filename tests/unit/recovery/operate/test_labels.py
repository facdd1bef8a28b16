"""Labels of hosts."""

from __future__ import annotations

import pytest

from recovery.db import events, hosts
from recovery.operate.labels import CARRIES, label
from recovery.operate.refusal import Refusal
from tests.unit.recovery.cli.site import Operator


def test_labels_are_set_and_told(run: Operator) -> None:
    said = label(
        run.store, 'c1', segment='rack-1', carries=['storage', 'bus'], by='ann', reason='moved'
    )
    assert said == 'host c1 is in segment rack-1 and carries bus, storage'
    with run.store.read() as connection:
        found = hosts.get(connection, 'c1')
        story = events.newest(connection)[0]
    assert (found.segment, found.carries) == ('rack-1', ('bus', 'storage'))
    assert (story['who'], story['what'], story['why']) == ('ann', said, 'moved')


def test_what_is_not_named_stays_and_an_empty_value_clears(run: Operator) -> None:
    label(run.store, 'c1', segment='rack-1', carries=['bus'], by='ann', reason='')
    assert label(run.store, 'c1', segment='', by='ann', reason='') == 'host c1 is in no segment'
    assert label(run.store, 'c1', carries=[], by='ann', reason='') == (
        'host c1 carries nothing of ours'
    )
    with run.store.read() as connection:
        found = hosts.get(connection, 'c1')
    assert (found.segment, found.carries) == (None, ())


def test_what_is_refused(run: Operator) -> None:
    with pytest.raises(Refusal, match=f'cannot carry tea; there are: {", ".join(sorted(CARRIES))}'):
        label(run.store, 'c1', carries=['tea'], by='ann', reason='')
    label(run.store, 'c1', segment='rack-1', by='ann', reason='')
    with pytest.raises(Refusal, match='labelled so already'):
        label(run.store, 'c1', segment='rack-1', by='ann', reason='')
