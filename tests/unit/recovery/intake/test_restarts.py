"""A restart that gave way to the recovery of its host is begun again only where it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.contracts.compute import Instance
from drivers.simulated.instances import Instance as Guest
from flows.records import FAILED, REFUSED
from recovery.db import guards, recoveries, states, tables
from recovery.db.restarts import OVER
from recovery.db.rows import insert
from recovery.intake import again, places, restarts
from recovery.intake.restarts import Past, Word, judge
from recovery.policy.order import HOST_DOWN, INSTANCE_DOWN
from tests.stage import Stage, play
from tests.unit.recovery.claims.scene import FRESH

HERE = 'compute-01'
STOPPED = Past(
    stopped=True, may_stop=False, live=False, lately=False, moved=False, doubtful=False
)  # fmt: skip
NOT_BY_US = replace(STOPPED, stopped=False)
WEB = Instance(
    id='i-1', name='web', host=HERE, vm_state='stopped', task_state=None, power_state=4,
    locked=False, metadata={}, vcpus=1, ram_mb=1, disk_gb=1, boot_from_volume=True,
)  # fmt: skip
RUNS = replace(WEB, vm_state='active', power_state=1)
DEAD = replace(WEB, vm_state='active')
BUSY = replace(WEB, vm_state='active', task_state='powering-off')


@pytest.mark.parametrize(
    ('found', 'past', 'word'),
    [
        (WEB, STOPPED, Word.BEGIN),
        (WEB, replace(STOPPED, moved=True, live=True), Word.BEGIN),
        (WEB, replace(STOPPED, live=True), Word.AGAIN),  # its host goes first
        (WEB, replace(STOPPED, doubtful=True), Word.AGAIN),  # it may run somewhere
        (WEB, replace(STOPPED, doubtful=True, moved=True), Word.AGAIN),
        (WEB, NOT_BY_US, Word.OVER),  # its owner stopped it
        (WEB, replace(NOT_BY_US, moved=True), Word.OVER),
        (BUSY, STOPPED, Word.BEGIN),
        (BUSY, NOT_BY_US, Word.AGAIN),
        (replace(BUSY, task_state='rebuilding'), STOPPED, Word.AGAIN),
        (DEAD, STOPPED, Word.BEGIN),
        (DEAD, NOT_BY_US, Word.BEGIN),
        (DEAD, replace(NOT_BY_US, live=True), Word.AGAIN),
        (DEAD, replace(STOPPED, moved=True), Word.OVER),  # nobody said that it failed there
        (RUNS, STOPPED, Word.OVER),
        (RUNS, replace(STOPPED, live=True), Word.OVER),  # its owner started it
        (RUNS, replace(STOPPED, may_stop=True), Word.AGAIN),  # and may be stopped by us yet
        (RUNS, replace(NOT_BY_US, live=True), Word.AGAIN),  # Nova shows what it last knew
        (RUNS, replace(NOT_BY_US, lately=True), Word.AGAIN),
        (RUNS, replace(NOT_BY_US, moved=True, live=True), Word.OVER),
        (replace(WEB, vm_state='paused'), STOPPED, Word.OVER),
        (None, STOPPED, Word.OVER),
    ],
)
def test_what_is_to_be_done(found: Instance | None, past: Past, word: Word) -> None:
    assert judge(found, past)[0] is word


@pytest.fixture
def stage() -> Iterator[Stage]:
    with play(hosts=3, instances=0, conf={'instance.process_all_instances': True}) as stage:
        yield stage


@pytest.fixture
def web(stage: Stage) -> Guest:
    """Stopped, on a host that lives."""
    return stage.world.add_instance(host=HERE, name='web', vm_state='stopped')


def make(stage: Stage, kind: str, subject: str, state: str, **values: Any) -> str:
    """A recovery of or on that host."""
    identifier, table = stage.clock.new_id(), tables.recovery
    fresh = replace(FRESH, id=identifier, kind=kind, subject=subject, host=HERE)
    with stage.site.store.write() as connection:
        recoveries.create(connection, replace(fresh, created_at=stage.clock.now()))
        if state in states.ENDED:
            values |= {'open_key': None, 'ended_at': stage.clock.now()}
        mine = table.c.id == identifier
        connection.execute(sa.update(table).where(mine).values(state=state, **values))
    return identifier


def gave_way(stage: Stage, web: Guest, to: str = states.UNDONE, outcome: str = 'accepted') -> str:
    """A restart that sent a stop, and gave way to a host-down recovery that is in that state."""
    host = make(stage, HOST_DOWN, HERE, to)
    old = make(
        stage, INSTANCE_DOWN, web.id, states.SUPERSEDED,
        superseded_by=host, arguments={'hung': True}, code='start-late',
    )  # fmt: skip
    with stage.site.store.write() as connection:
        insert(
            connection, tables.intent, recovery=old, round=1, epoch=1, host=HERE,
            action='stop-instance', target=web.id, observed={}, at=stage.clock.now(),
            outcome=outcome,
        )  # fmt: skip
    stage.run(90.0)
    return old


def row_of(stage: Stage, recovery: str) -> sa.RowMapping:
    with stage.site.store.read() as connection:
        row = recoveries.get(connection, recovery)
    assert row is not None
    return row


def change(stage: Stage, recovery: str, **values: Any) -> None:
    with stage.site.store.write() as connection:
        mine = tables.recovery.c.id == recovery
        connection.execute(sa.update(tables.recovery).where(mine).values(**values))


def sweep(stage: Stage) -> None:
    stage.ask(lambda: restarts.sweep(stage.site))


def test_it_is_a_new_round_that_its_gates_decide_about(stage: Stage, web: Guest) -> None:
    old = gave_way(stage, web)
    sweep(stage)
    row = row_of(stage, old)
    assert (row['state'], row['round'], row['code']) == ('held', 2, None)
    assert (row['superseded_by'], row['ended_at'], row['open_key']) == (
        None, None, f'instance:{web.id}',
    )  # fmt: skip
    assert row['arguments'] == {'hung': False}  # which was said before its host failed
    with stage.site.store.write() as connection:
        guards.disarm(connection, by='bob', reason='test', now=0.0)
    stage.ask(lambda: again.held(stage.site))
    row = row_of(stage, old)
    assert (row['state'], row['code']) == ('held', 'armed')


@pytest.mark.parametrize('outcome', [None, f'{FAILED}Unreachable'])
def test_a_stop_that_nobody_answered_may_be_ours(
    stage: Stage, web: Guest, outcome: str | None
) -> None:
    old = gave_way(stage, web, outcome=outcome)  # type: ignore[arg-type]
    sweep(stage)
    assert row_of(stage, old)['state'] == 'held'


def test_one_that_nova_refused_is_not(stage: Stage, web: Guest) -> None:
    old = gave_way(stage, web, outcome=f'{REFUSED}409')
    sweep(stage)
    row = row_of(stage, old)
    assert (row['state'], row['notes'][OVER]) == ('superseded', 'it is stopped, and not by us')


def test_what_is_over_stays_over(stage: Stage, web: Guest) -> None:
    old = gave_way(stage, web)
    stage.world.update(web, vm_state='active')
    sweep(stage)
    stage.world.update(web, vm_state='stopped')  # by its owner
    sweep(stage)
    assert row_of(stage, old)['state'] == 'superseded'


def newer(stage: Stage, web: Guest) -> None:
    make(stage, INSTANCE_DOWN, web.id, states.DONE)


def blocked(stage: Stage, web: Guest) -> None:
    make(stage, INSTANCE_DOWN, web.id, states.READY)


def under_recovery(stage: Stage, _web: Guest) -> None:
    make(stage, HOST_DOWN, HERE, states.READY)


def away(stage: Stage, _web: Guest) -> None:
    stage.world.faults.add('nova.*', 'error', 503)


@pytest.mark.parametrize('what', [newer, blocked, under_recovery, away])
def test_it_is_left(stage: Stage, web: Guest, what: Callable[[Stage, Guest], None]) -> None:
    old = gave_way(stage, web)
    what(stage, web)
    sweep(stage)
    row = row_of(stage, old)
    assert (row['state'], OVER in row['notes']) == ('superseded', what in (newer, blocked))


@pytest.mark.parametrize(
    ('state', 'sure', 'begun'),
    [('accepted', True, False), ('failed', False, False), ('failed', True, True)],
)
def test_an_evacuation_in_doubt_keeps_it(
    stage: Stage, web: Guest, state: str, sure: bool, begun: bool
) -> None:
    old = gave_way(stage, web, states.CANCELLED)
    with stage.site.store.write() as connection:
        insert(
            connection, tables.attempt, recovery=row_of(stage, old)['superseded_by'],
            instance=web.id, round=1, epoch=1, state=state, destination='compute-02', at=0.0,
            deadline_at=0.0, destination_sure=sure, reason='',
        )  # fmt: skip
    sweep(stage)
    assert row_of(stage, old)['state'] == ('held' if begun else 'superseded')


def test_where_it_was_moved_to_it_need_not_wait(stage: Stage, web: Guest) -> None:
    old = gave_way(stage, web, states.WAITING)
    sweep(stage)
    assert row_of(stage, old)['state'] == 'superseded'
    stage.world.update(web, host='compute-02')
    with stage.site.store.write() as connection:
        insert(
            connection, tables.item, recovery=row_of(stage, old)['superseded_by'],
            instance=web.id, name='web', source=HERE, state='moved', reason='',
            vm_state='stopped', keep_stopped=True, priority=0, round=1,
        )  # fmt: skip
    sweep(stage)
    row = row_of(stage, old)
    assert (row['state'], row['host']) == ('held', 'compute-02')


def test_no_approval_of_an_earlier_round_counts(stage: Stage, web: Guest) -> None:
    old = gave_way(stage, web)
    approved = {'approved_by': 'ann', 'approved_reason': 'mine', 'approved_gates': ['maintenance']}
    change(stage, old, **approved)
    sweep(stage)
    row = row_of(stage, old)
    assert {name: row[name] for name in approved} == dict.fromkeys(approved)


def test_what_a_human_wanted_to_end_is_over(stage: Stage, web: Guest) -> None:
    old = gave_way(stage, web)
    change(stage, old, wish='leave', wish_by='ann', wish_reason='mine')
    sweep(stage)
    row = row_of(stage, old)
    assert (row['state'], row['notes'][OVER]) == ('superseded', 'ann wants it to end: mine')


def test_one_that_cannot_be_looked_at_keeps_no_other_waiting(
    stage: Stage, web: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = stage.world.add_instance(host=HERE, name='bad', vm_state='stopped')
    rows = [gave_way(stage, bad), gave_way(stage, web)]
    instance = places.instance

    def asked(*words: Any) -> Any:
        if words[-1] == bad.id:
            raise KeyError('oh')
        return instance(*words)

    monkeypatch.setattr(places, 'instance', asked)
    sweep(stage)
    assert [row_of(stage, one)['state'] for one in rows] == ['superseded', 'held']


def test_what_we_stopped_is_not_left_because_it_is_elsewhere_by_now(
    stage: Stage, web: Guest
) -> None:
    old = gave_way(stage, web)
    sweep(stage)
    stage.world.update(web, host='compute-02')
    stage.ask(lambda: again.held(stage.site))
    assert (row_of(stage, old)['state'], row_of(stage, old)['host']) == ('held', 'compute-02')
    stage.ask(lambda: again.held(stage.site))
    assert row_of(stage, old)['state'] == 'ready'


def test_what_we_stopped_is_not_left_because_its_owner_wants_no_restarts_now(
    stage: Stage, web: Guest
) -> None:
    old = gave_way(stage, web)
    sweep(stage)
    stage.site.conf.set_override('process_all_instances', False, 'instance')
    stage.ask(lambda: again.held(stage.site))
    row = row_of(stage, old)
    assert (row['state'], row['code']) == ('held', 'wanted')
    assert row['verb'] == f'recovery cancel {old[:8]} --leave'
