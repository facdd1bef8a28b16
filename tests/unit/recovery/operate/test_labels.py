"""Labels of hosts."""

from __future__ import annotations

import pytest

from recovery.db import events, hosts, members, segments
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


def test_the_segment_of_a_member_is_not_changed_by_hand(run: Operator) -> None:
    with run.store.write() as connection:
        owner = segments.add(
            connection, 's' * 36, 1.0, name='rack-2', recovery_method='auto', service_type='c'
        )
        members.add(connection, owner, 'm' * 36, 'c1', 1.0)
    with pytest.raises(Refusal, match='c1 is a member of segment rack-2') as caught:
        label(run.store, 'c1', segment='rack-9', by='ann', reason='')
    assert caught.value.verb == 'openstack segment host delete rack-2 c1'
    label(run.store, 'c1', carries=['bus'], by='ann', reason='')


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
