"""Whatever "resolved" means, nothing is given back below the line, and nothing of somebody else."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from drivers.clock import SystemClock
from drivers.contracts.alarms import Alarm, Resolved
from recovery.db import alarms, events, recoveries, tables
from recovery.intake.naming import SPELLED
from recovery.operate.resolved import resolved
from recovery.site import Site
from tests.unit.recovery.api import asking


@pytest.fixture
def here(tmp_path: Any) -> Any:
    found = asking.site(tmp_path, SystemClock())
    yield found
    found.store.close()


def recovery(here: Site, state: str = 'ready', **values: Any) -> str:
    """One that an alarm of the source am began."""
    name = here.clock.new_id()
    fresh = recoveries.Fresh(
        id=name, kind='host-down', subject='compute-01', host='compute-01', state='ready',
        reason='', requested_by='am', arguments={}, created_at=here.clock.now(),
    )  # fmt: skip
    with here.store.write() as connection:
        recoveries.create(connection, fresh)
        mine = tables.recovery.c.id == name
        connection.execute(sa.update(tables.recovery).where(mine).values(state=state, **values))
    return name


def alarm(here: Site, recovery_id: str, source: str = 'am', key: str = 'fp@1', **more: Any) -> str:
    name = here.clock.new_id()
    values: Any = {'source': source, 'key': key, 'kind': 'host-down', 'subject': 'compute-01',
              'at': here.clock.now()}  # fmt: skip
    with here.store.write() as connection:
        alarms.add(connection, name, Alarm(**(values | more)), here.clock.now())
        alarms.settle(connection, name, 'admit', '', recovery_id)
    return name


def over(key: str = 'fp@1', subject: str = 'compute-01', source: str = 'am') -> Resolved:
    return Resolved(source, key, 'host-down', subject, 1.0)


def row(here: Site, name: str) -> sa.RowMapping:
    with here.store.read() as connection:
        found = recoveries.get(connection, name)
    assert found is not None
    return found


def test_what_nobody_owns_ends(here: Site) -> None:
    name = recovery(here)
    alarm(here, name)
    assert resolved(here, over(), ends=True) == f'recovery {name[:8]} is cancelled'
    assert (row(here, name)['state'], row(here, name)['open_key']) == ('cancelled', None)


def test_it_answers_no_other_source(here: Site) -> None:
    """The word of one ends its recovery, and not what others say of the same death."""
    alarm(here, recovery(here))
    resolved(here, over(), ends=True)
    with here.store.read() as connection:
        assert recoveries.closed_at(connection, 'compute-01', 'host-down') is None


def test_fired_again_it_is_decided_about_again(here: Site) -> None:
    """A pair of senders, or one that was started anew, says the same alert once more."""
    said = alarm(here, recovery(here))
    resolved(here, over(), ends=True)
    with here.store.read() as connection:
        found = alarms.get(connection, said)
    assert found is not None
    assert found['answer'] == 'ignore'  # which a repeat may change


def test_one_key_for_several_hosts_is_over_for_one(here: Site) -> None:
    name = recovery(here)
    alarm(here, name, key='trigger@host-down@compute-01')
    assert resolved(here, over('trigger', 'compute-02'), ends=True) == (
        'no open recovery is about it'
    )
    assert row(here, name)['state'] == 'ready'
    resolved(here, over('trigger', 'compute-01'), ends=True)
    assert row(here, name)['state'] == 'cancelled'


def test_who_owns_it_is_asked_to_undo(here: Site) -> None:
    """The owner looks at the wish with each step, and refuses it below the line."""
    name = recovery(here, 'running', token='t', worker='w', lease=30.0)
    alarm(here, name)
    resolved(here, over(), ends=True)
    found = row(here, name)
    assert (found['state'], found['wish'], found['wish_by']) == ('running', 'undo', 'am')


@pytest.mark.parametrize('ends', [True, False])
@pytest.mark.parametrize('state', ['ready', 'running', 'waiting', 'held'])
def test_below_the_line_nothing_changes(here: Site, state: str, ends: bool) -> None:
    name = recovery(here, state)
    alarm(here, name)
    intent = {'recovery': name, 'round': 1, 'epoch': 1, 'host': 'compute-01', 'at': 1.0,
              'action': 'power-off', 'target': 'bmc', 'observed': {}}  # fmt: skip
    with here.store.write() as connection:
        connection.execute(sa.insert(tables.intent).values(**intent))
    before = row(here, name)
    resolved(here, over(), ends=ends)
    after = row(here, name)
    assert (after['state'], after['wish']) == (before['state'], None)


@pytest.mark.parametrize(
    ('said', 'means_it'),
    [
        (over('fp@1'), True),
        (over('fp'), True),
        (over(''), True),
        (over('', 'CMP-1:9100'), True),
        (over('fp@2'), False),
        (over('f'), False),
        (over('', 'compute-02'), False),
        (over('fp@1', source='other'), False),
    ],
)
def test_which_alarm_is_meant(here: Site, said: Resolved, means_it: bool) -> None:
    name = recovery(here)
    alarm(here, name, evidence={SPELLED: 'CMP-1:9100'})
    resolved(here, said, ends=True)
    assert (row(here, name)['state'] == 'cancelled') is means_it


def test_another_alarm_of_the_same_source_stands(here: Site) -> None:
    name = recovery(here)
    alarm(here, name)
    alarm(here, name, key='another@1')
    assert 'am said the same' in resolved(here, over(), ends=True)
    assert row(here, name)['state'] == 'ready'


def test_another_source_that_says_so_at_this_very_moment_is_heard(
    here: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, begin = recovery(here), here.store.transact
    alarm(here, name)

    def meanwhile(work: Any) -> Any:
        monkeypatch.undo()
        alarm(here, name, source='zabbix', key='z')
        return begin(work)

    monkeypatch.setattr(here.store, 'transact', meanwhile)
    said = resolved(here, over(), ends=True)
    assert said == f'recovery {name[:8]} goes on: zabbix said the same'
    assert row(here, name)['state'] == 'ready'
    with here.store.read() as connection:
        found = alarms.find(connection, 'am', 'fp@1')
    assert found is not None
    assert found['answer'] == 'admit'


def test_it_is_told_once(here: Site) -> None:
    name = recovery(here)
    alarm(here, name)
    for _ in range(3):
        resolved(here, over(), ends=False)
    with here.store.read() as connection:
        (one,) = events.of_recovery(connection, name)
    assert (one['who'], one['what']) == ('am', 'am says that it is over: host-down compute-01')


def test_what_has_ended_is_left_alone(here: Site) -> None:
    name = recovery(here, 'done', open_key=None)
    alarm(here, name)
    assert resolved(here, over(), ends=True) == 'no open recovery is about it'
