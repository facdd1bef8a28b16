"""A recovery takes over from what it goes before, and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from recovery.db import recoveries, states
from recovery.intake import taking
from recovery.policy.order import HOST_DOWN, HOST_RETURN, SERVICE_DOWN
from tests.stage import Stage, play
from tests.unit.recovery.claims.scene import FRESH

HERE, THERE = 'compute-01', 'compute-02'


@pytest.fixture
def stage() -> Iterator[Stage]:
    with play(hosts=2, instances=0) as stage:
        yield stage


def live(stage: Stage, kind: str, subject: str, host: str, state: str = states.READY) -> str:
    identifier = stage.clock.new_id()
    fresh = replace(FRESH, id=identifier, kind=kind, subject=subject, host=host, state=state)
    with stage.site.store.write() as connection:
        recoveries.create(connection, replace(fresh, created_at=stage.clock.now()))
    return identifier


def found(stage: Stage) -> dict[str, str]:
    return {row['subject']: row['state'] for row in stage.recoveries()}


def test_a_dead_host_takes_the_restarts_on_it_along(stage: Stage) -> None:
    for subject, host in (('i-1', HERE), ('i-2', HERE), ('i-3', THERE)):
        live(stage, 'instance-down', subject, host)
    with stage.site.store.write() as connection:
        taking.take_over(connection, HOST_DOWN, HERE, 'new', by='ann', now=stage.clock.now())
    assert found(stage) == {'i-1': 'superseded', 'i-2': 'superseded', 'i-3': 'ready'}
    assert {row['superseded_by'] for row in stage.recoveries()} == {'new', None}
    assert 'ann: superseded by new' in stage.story()


@pytest.mark.parametrize('kind', [HOST_RETURN, SERVICE_DOWN])
def test_other_kinds_leave_them(stage: Stage, kind: str) -> None:
    live(stage, 'instance-down', 'i-1', HERE)
    with stage.site.store.write() as connection:
        taking.take_over(connection, kind, HERE, 'new', by='ann', now=stage.clock.now())
    assert found(stage) == {'i-1': 'ready'}


def test_what_has_changed_meanwhile_is_looked_at_again(stage: Stage) -> None:
    identifier = live(stage, SERVICE_DOWN, HERE, HERE)
    with stage.site.store.read() as connection:
        before = recoveries.get(connection, identifier)
    assert before is not None
    with stage.site.store.write() as connection:
        recoveries.move(connection, identifier, states.READY, states.CANCELLED, stage.clock.now())
    with pytest.raises(taking.Changed), stage.site.store.write() as connection:
        taking.supersede(stage.site, connection, before, 'new')
