"""Looking at all evacuations at once: few questions, and nothing that changed is missed."""

from __future__ import annotations

from typing import Any, cast

import pytest

from drivers.contracts.compute import ComputeDriver
from drivers.contracts.errors import Unreachable
from flows.evacuation.look import OVERLAP_SECONDS, SERVICES_SECONDS, WHOLE_SECONDS, Look
from tests.unit.flows.devices import Clock
from tests.unit.flows.evacuation.cloud import Cloud
from tests.unit.flows.made import SOURCE, TARGET, VM, instance, migration, service


def look_at(cloud: Cloud, clock: Clock, **more: Any) -> Look:
    return Look(
        cast(ComputeDriver, cloud),
        SOURCE,
        clock=clock,
        timeout=5.0,
        known=[instance()],
        **more,
    )


def test_the_first_look_is_whole() -> None:
    cloud, clock = Cloud(), Clock()
    cloud.services_ = [(service(), service(TARGET, state='up'))]
    cloud.migrations_ = (migration(),)
    seen = look_at(cloud, clock).take()
    assert seen.up == {TARGET}
    assert seen.records[VM] == (migration(),)
    assert seen.instances[VM].host == SOURCE
    assert ('migrations', None) in cloud.asked


def test_later_ones_ask_for_changes_on_the_clock_of_nova() -> None:
    cloud, clock = Cloud(), Clock()
    cloud.migrations_ = (migration(updated_at=50.0),)
    look = look_at(cloud, clock)
    look.take()
    cloud.migrations_ = (migration(status='done', updated_at=60.0),)
    cloud.changed = (instance(host=TARGET),)
    clock.pass_(1.0)
    seen = look.take()
    assert ('migrations', 50.0 - OVERLAP_SECONDS) in cloud.asked
    assert [one.status for one in seen.records[VM]] == ['done']
    assert seen.instances[VM].host == TARGET


def test_the_whole_again_now_and_then() -> None:
    cloud, clock = Cloud(), Clock()
    cloud.migrations_ = (migration(),)
    look = look_at(cloud, clock)
    look.take()
    clock.pass_(WHOLE_SECONDS + 1)
    look.take()
    assert cloud.asked.count(('migrations', None)) == 2


def test_services_are_asked_less_often() -> None:
    cloud, clock = Cloud(), Clock()
    look = look_at(cloud, clock)
    look.take()  # a whole look: before and after
    first = cloud.count('services')
    for _ in range(4):
        look.take()
        clock.pass_(1.0)
    assert cloud.count('services') == first
    clock.pass_(SERVICES_SECONDS)
    look.take()
    assert cloud.count('services') == first + 1


@pytest.mark.parametrize('after', [True, False])
def test_a_whole_look_needs_a_cell_that_answers_before_and_after(after: bool) -> None:
    cloud, clock = Cloud(), Clock()
    fine, hangs = (service(),), (service(state='unknown'),)
    cloud.services_ = [fine, hangs] if after else [hangs, fine]
    with pytest.raises(Unreachable, match='cell'):
        look_at(cloud, clock).take()


def test_whole_on_demand() -> None:
    cloud, clock = Cloud(), Clock()
    cloud.migrations_ = (migration(),)
    look = look_at(cloud, clock)
    assert look.take().whole
    assert not look.take().whole
    look.whole_next()
    assert look.take().whole


def test_only_evacuations_from_the_host_are_records() -> None:
    cloud, clock = Cloud(), Clock()
    moving = migration(type='live-migration')
    cloud.migrations_ = (moving, migration(id=8, source=TARGET, destination=SOURCE))
    look = look_at(cloud, clock)
    assert look.take().records == {}
    assert moving in look.migrations_of(VM)
    assert look.migrations_of('vm-9') == ()


def test_a_report_after_the_first_look_is_life() -> None:
    cloud, clock = Cloud(), Clock()
    cloud.services_ = [(service(updated_at=at),) for at in (5.0, 5.0, 6.0)]
    look = look_at(cloud, clock)
    look.take()
    assert look.life == ''
    clock.pass_(SERVICES_SECONDS + 1)
    look.take()
    assert 'reported again' in look.life


def test_what_no_list_shows_is_fetched_and_kept() -> None:
    cloud, clock = Cloud(), Clock()
    cloud.instances_ = (instance(id='vm-9', name='vm-9'),)
    look = look_at(cloud, clock)
    assert look.fetch('vm-9').id == 'vm-9'
    assert 'vm-9' in look.take().instances
