"""The site's own exclusions: who is left, and who goes first."""

from __future__ import annotations

from typing import Any

import pytest

from flows.evacuation.choice import Choice, Exclusion, parse_exclusions
from flows.evacuation.table import LEAVE, Storage
from tests.unit.flows.made import SOURCE, instance, migration

SHARED = Storage(shared=True)
AMPHORA = 'amphora-0d9a5a4e-71c3-4d1f-9d51-3a5cf1a4c1a2'


@pytest.mark.parametrize(
    ('exclusion', 'fields'),
    [
        ('name=amphora-*', {'name': AMPHORA}),
        ('name="a b*"', {'name': 'a bc'}),
        ('project=p1', {'project': 'p1'}),
        ('flavor=batch.?', {'flavor': 'batch.2'}),
        ('flavor:hw:numa_nodes=2', {'flavor_specs': {'hw:numa_nodes': '2'}}),
        ('image=i1', {'image': 'i1'}),
        ('image:os_distro=cirros', {'image_properties': {'os_distro': 'cirros'}}),
        ('metadata:role=worker*', {'metadata': {'role': 'worker-3'}}),
        ('tag=batch', {'tags': frozenset({'batch', 'x'})}),
        ('project=p1 name=a*', {'project': 'p1', 'name': 'ab'}),
    ],
)
def test_who_meets_a_rule_is_left_with_the_rule_as_reason(
    exclusion: str, fields: dict[str, Any]
) -> None:
    choice = Choice(exclude=f'name=nobody\n{exclusion}')
    assert exclusion in choice.why_left(instance(**fields))
    assert choice.why_left(instance()) == ''


@pytest.mark.parametrize(
    'fields', [{'project': 'p2', 'name': 'ab'}, {'project': 'p1', 'name': 'b'}, {'project': None}]
)
def test_all_conditions_of_a_rule_have_to_hold(fields: dict[str, Any]) -> None:
    assert not Exclusion.parse('project=p1 name=a*').meets(instance(**fields))


@pytest.mark.parametrize(
    'text', ['', 'name', 'name=', 'colour=red', 'flavor:=x', 'name:x=y', 'name="a', 'a=b name=x']
)
def test_a_rule_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r'give|cannot be read'):
        Exclusion.parse(text)


@pytest.mark.parametrize(('text', 'looks'), [('name=a\nimage:x=y tag=b', True), ('image=y', False)])
def test_images_are_asked_for_when_an_exclusion_wants_their_properties(
    text: str, looks: bool
) -> None:
    assert Choice(exclude=text).looks_at_images is looks


def test_empty_lines_are_no_rules() -> None:
    assert [one.text for one in parse_exclusions('\nname=a\n \ntag=b\n')] == ['name=a', 'tag=b']


@pytest.mark.parametrize('value', ['True', 'true', ' yes ', '1', 'on'])
def test_a_mark_goes_first(value: str) -> None:
    marked = instance(metadata={'HA_Enabled': value})
    assert Choice().priority(marked) == 1
    assert Choice().priority(instance(metadata={'HA_Enabled': 'no'})) == 0
    assert Choice(ha_mode='ignore').priority(marked) == 0
    assert Choice(ha_key='other').priority(marked) == 0


@pytest.mark.parametrize(('text', 'number'), [('7', 7), ('-1', -1), ('high', 1), ('', 1)])
def test_a_number_of_its_own_counts_more(text: str, number: int) -> None:
    choice = Choice(priority_key='p')
    assert choice.priority(instance(metadata={'p': text, 'HA_Enabled': 'true'})) == number
    assert choice.priority(instance()) == 0


def test_only_the_marked_ones() -> None:
    choice = Choice(ha_mode='only')
    assert choice.why_left(instance(metadata={'HA_Enabled': 'true'})) == ''
    assert 'HA_Enabled' in choice.why_left(instance())
    assert Choice().why_left(instance()) == ''


def test_those_in_error() -> None:
    broken = instance(vm_state='error')
    assert 'error' in Choice(leave_in_error=True).why_left(broken)
    assert Choice(leave_in_error=True).why_left(instance()) == ''
    assert Choice().why_left(broken) == ''


def test_the_table_has_the_first_word() -> None:
    choice = Choice(ha_mode='only')
    building = choice.plan(instance(vm_state='building'), (), host=SOURCE, storage=SHARED)
    assert (building.action, building.reason) == ('leave', LEAVE['building'])
    moving = choice.plan(instance(), [migration()], host=SOURCE, storage=SHARED)
    assert moving.action == 'leave', 'what is left is not waited for'
    plan = choice.plan(instance(metadata={'HA_Enabled': 'true'}), (), host=SOURCE, storage=SHARED)
    assert plan.action == 'evacuate'
