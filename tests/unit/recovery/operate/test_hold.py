"""Who releases a dead host ends the restarts on it, as the alarm would have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from recovery.db import recoveries, states, tables
from recovery.operate import hold, rerun
from recovery.operate.refusal import Refusal
from recovery.policy.order import HOST_DOWN, INSTANCE_DOWN, SERVICE_DOWN
from tests.stage import Stage, play
from tests.unit.recovery.claims.scene import FRESH

HERE, THERE = 'compute-01', 'compute-02'


@pytest.fixture
def stage() -> Iterator[Stage]:
    with play(hosts=2, instances=0) as stage:
        yield stage


def live(stage: Stage, kind: str, subject: str, host: str, state: str) -> str:
    identifier = stage.clock.new_id()
    fresh = replace(FRESH, id=identifier, kind=kind, subject=subject, host=host, state=state)
    with stage.site.store.write() as connection:
        recoveries.create(connection, replace(fresh, created_at=stage.clock.now()))
    return identifier


def restarts(stage: Stage) -> None:
    for subject, host, state in (
        ('i-1', HERE, states.WAITING),
        ('i-2', HERE, states.RUNNING),
        ('i-3', THERE, states.READY),
    ):
        live(stage, INSTANCE_DOWN, subject, host, state)


def found(stage: Stage) -> dict[str, str]:
    return {row['subject']: row['state'] for row in stage.recoveries()}


def approve(stage: Stage, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = {'gate': 'maintenance', 'answer': 'hold', 'finding': 'found', 'reason': 'so', 'verb': ''}
    monkeypatch.setattr(hold, 'holding', lambda *_: [gate])
    which = live(stage, kind, HERE, HERE, states.HELD)
    stage.ask(lambda: hold.approve(stage.site.store, which, by='ann', reason='new disks'))


def test_an_approval_takes_the_restarts_on_its_host_along(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarts(stage)
    approve(stage, HOST_DOWN, monkeypatch)
    ended = {'i-1': 'superseded', 'i-2': 'superseded', 'i-3': 'ready', HERE: 'ready'}
    assert found(stage) == ended
    assert 'ann: superseded by ' in stage.story()


def test_that_of_another_kind_leaves_them(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    restarts(stage)
    approve(stage, SERVICE_DOWN, monkeypatch)
    assert found(stage) == {'i-1': 'waiting', 'i-2': 'running', 'i-3': 'ready', HERE: 'ready'}


@pytest.mark.parametrize('state', [states.WAITING, states.DONE_WITH_FAILURES])
def test_so_does_a_rerun(stage: Stage, state: str) -> None:
    which = live(stage, HOST_DOWN, HERE, HERE, state)
    if state in states.ENDED:
        table = tables.recovery
        with stage.site.store.write() as connection:
            connection.execute(sa.update(table).where(table.c.id == which).values(open_key=None))
    restarts(stage)
    stage.ask(
        lambda: rerun.rerun(stage.site.store, which, rerun.Which.FAILED, by='ann', reason='again')
    )
    ended = {'i-1': 'superseded', 'i-2': 'superseded', 'i-3': 'ready', HERE: 'ready'}
    assert found(stage) == ended


def test_nothing_is_done_when_one_of_them_changes_meanwhile(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarts(stage)
    monkeypatch.setattr(recoveries, 'supersede', lambda *_: False)
    with pytest.raises(Refusal, match='nothing was done'):
        approve(stage, HOST_DOWN, monkeypatch)
    assert found(stage)[HERE] == 'held'
