"""Segments as an operator changes them."""

from __future__ import annotations

import pytest

from recovery.db import events, members, segments
from recovery.operate.refusal import Nothing, Refusal
from recovery.operate.segments import change, create, remove
from tests.unit.recovery.cli.site import Operator

BASE = {'name': 'r1', 'recovery_method': 'auto', 'service_type': 'COMPUTE'}


def story(run: Operator) -> list[tuple[str, str, str]]:
    with run.store.read() as connection:
        return [(row['who'], row['what'], row['why']) for row in events.newest(connection)]


def test_made_changed_removed_and_told(run: Operator) -> None:
    made = create(run.store, BASE, by='ann', reason='new rack')
    changed = change(run.store, made.uuid, {'name': 'r2', 'enabled': False}, by='bob')
    assert (changed.name, changed.enabled, changed.uuid) == ('r2', False, made.uuid)
    remove(run.store, made.uuid, by='eve')
    assert story(run) == [
        ('eve', 'removed segment r2', ''),
        ('bob', 'changed segment r1: name is r2, enabled is off', ''),
        ('ann', 'made segment r1, to be recovered by auto', 'new rack'),
    ]
    with pytest.raises(Nothing, match=made.uuid):
        remove(run.store, made.uuid, by='eve')


def test_names_are_used_once(run: Operator) -> None:
    create(run.store, BASE, by='ann')
    other = create(run.store, BASE | {'name': 'r2'}, by='ann')
    with pytest.raises(Refusal, match='the name r1 exists already'):
        create(run.store, BASE, by='ann')
    with pytest.raises(Refusal, match='the name r1 exists already'):
        change(run.store, other.uuid, {'name': 'r1'}, by='ann')
    assert len(story(run)) == 2, 'what was refused is not told'


def test_a_recovery_of_a_host_keeps_its_segment(run: Operator) -> None:
    made = create(run.store, BASE, by='ann')
    with run.store.write() as connection:
        members.add(connection, made, 'u', 'compute-01', 1.0)
    name = run.recovery(state='held')[:8]
    for order in (
        lambda: change(run.store, made.uuid, {'enabled': False}, by='ann'),
        lambda: remove(run.store, made.uuid, by='ann'),
    ):
        with pytest.raises(Refusal, match=f'in use: recovery {name}') as caught:
            order()
        assert caught.value.verb == f'recovery show {name}'
    with run.store.read() as connection:
        assert segments.get(connection, made.uuid) == made
