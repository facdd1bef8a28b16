"""What is counted, and that no number says more than what is true (S26)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recovery.claims.orphans import Orphans
from recovery.db import hosts, intents, proofs, storms, tables, workers
from recovery.operate import service
from recovery.site import Identity
from recovery.view.numbers import Numbers, count
from tests.stage import Stage, play
from tests.unit.recovery.claims.scene import HOST, Scene, scene

HOUR = 3600.0


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path) as made:
        yield made


@pytest.fixture
def stage() -> Iterator[Stage]:
    with play(hosts=3, instances=2) as made:
        yield made


def look(here: Scene | Stage, window: float = HOUR) -> Numbers:
    store = here.store if isinstance(here, Scene) else here.site.store
    with store.read() as connection:
        return count(connection, here.clock.now(), window)


def down(stage: Stage, host: str = HOST) -> None:
    stage.world.lose_power(host)
    stage.run(70.0)
    stage.alarm(host)


def test_of_an_empty_database(here: Scene) -> None:
    found = look(here)
    assert (found.recoveries, found.fences, found.items, found.workers) == ({}, {}, {}, {})
    assert (found.queue_age, found.oldest_path, found.storm) == (0.0, 0.0, False)
    assert found.oldest == {'held': 0.0, 'ready': 0.0, 'running': 0.0, 'waiting': 0.0}


def test_a_recovery_that_fenced(stage: Stage) -> None:
    stage.worker('w1')
    down(stage)
    stage.until(stage.ended)
    found = look(stage)
    assert found.recoveries == {('host-down', 'done'): 1}
    assert found.ended == {('host-down', 'done'): 1}
    assert found.fences == {('simulated', 'off'): 1}
    assert found.items == {'moved': 1}
    assert found.alarms == {'admit': 1}
    assert found.hosts == {'maintenance': 0, 'failed': 1}


@pytest.mark.parametrize(
    ('effect', 'result'), [('stuck', 'not-off'), ('refuse', 'refused'), ('drop', 'unanswered')]
)
def test_a_recovery_that_fails_to_fence_is_never_counted_as_one_that_did(
    stage: Stage, effect: str, result: str
) -> None:
    """S26. The device takes the request and does nothing, or says no, or nothing at all."""
    stage.world.faults.add('bmc.power-off', effect)
    stage.worker('w1')
    stage.world.crash(HOST)
    stage.run(70.0)
    stage.alarm(HOST)
    stage.until(lambda: stage.state() == 'waiting', 300.0)
    found = look(stage)
    assert found.waiting == {('host-down', 'fence-exhausted'): 1}
    assert found.recoveries == {('host-down', 'waiting'): 1}
    assert found.ended == {}
    assert set(found.fences) == {('simulated', result)}


def test_a_request_is_open_until_it_is_known_what_became_of_it(here: Scene) -> None:
    claim = here.claimed()
    observed: dict[str, Any] = {'power': 'on', 'level': 1, 'driver': 'ipmi'}
    with here.store.write() as connection:
        one = intents.add(connection, claim, 'power-off', 'bmc', observed)
        intents.end(connection, claim, one, 'accepted')
    here.change(claim.recovery_id, phase='fence')
    assert look(here).fences == {('ipmi', 'open'): 1}
    here.change(claim.recovery_id, phase='confirm')
    with here.store.write() as connection:
        proofs.add_power(connection, claim, 1, [])
    assert look(here).fences == {('ipmi', 'off'): 1}
    here.pass_(HOUR + 1)
    assert look(here).fences == {}


def test_a_try_that_failed_stays_one_when_the_next_succeeds(here: Scene) -> None:
    claim = here.claimed()
    for _try in range(2):
        with here.store.write() as connection:
            intents.add(connection, claim, 'power-off', 'd', {'level': 1, 'driver': 'ipmi'})
        here.pass_(30)
    here.change(claim.recovery_id, phase='restore')
    with here.store.write() as connection:
        proofs.add_power(connection, claim, 1, [])
    assert look(here).fences == {('ipmi', 'off'): 1, ('ipmi', 'not-off'): 1}


def test_the_proof_of_another_level_or_round_counts_for_nothing(here: Scene) -> None:
    claim = here.claimed()
    with here.store.write() as connection:
        for level in (1, 2):
            intents.add(connection, claim, 'power-off', 'd', {'level': level, 'driver': 'ipmi'})
        proofs.add_power(connection, claim, 2, [])
    here.change(claim.recovery_id, phase='restore')
    assert look(here).fences == {('ipmi', 'off'): 1, ('ipmi', 'not-off'): 1}
    here.change(claim.recovery_id, round=2, phase='fence')
    assert look(here).fences == {('ipmi', 'off'): 1, ('ipmi', 'not-off'): 1}


def test_a_humans_word_is_no_success_of_a_device(here: Scene) -> None:
    claim = here.claimed()
    with here.store.write() as connection:
        intents.add(connection, claim, 'power-off', 'd', {'level': 1, 'driver': 'ipmi'})
        proofs.add_human(connection, recovery=claim.recovery_id, round_=1, epoch=1, host=HOST,
                         by='ann', statement='', at=here.clock.now(),
                         expires_at=here.clock.now() + 300)  # fmt: skip
    here.change(claim.recovery_id, phase='restore')
    assert look(here).fences == {('ipmi', 'not-off'): 1}


def test_what_holds_and_what_waits_is_told_with_its_reason(here: Scene) -> None:
    held = here.recovery('c1')
    here.change(held, state='held', code='mass-failure')
    here.pass_(100)
    waiting = here.recovery('c2')
    here.change(waiting, state='waiting', code='fence-exhausted', next_check=None)
    other = here.recovery('c3')
    here.change(other, state='waiting', code='paused', next_check=here.clock.now() + 10)
    here.pass_(20)
    assert look(here).by_hand == 1
    woken = here.clock.now() + 10  # to give back a reserved host: that moves it no further
    here.change(waiting, next_check=woken, notes={'spares-owed': 'fence-exhausted'})
    here.change(other, notes={'outcome': {}})
    found = look(here)
    assert found.held == {('host-down', 'mass-failure'): 1}
    assert found.waiting == {('host-down', 'fence-exhausted'): 1, ('host-down', 'paused'): 1}
    assert found.by_hand == 1
    assert (found.oldest['held'], found.oldest['waiting']) == (120.0, 20.0)


def test_a_storm_is_on_until_it_is_over(here: Scene) -> None:
    now = here.clock.now()
    with here.store.write() as connection:
        storms.note(connection, 'cloud', '9 of 10 are down', by='w1', now=now, cooldown=60.0)
    assert look(here).storm
    here.pass_(61)
    with here.store.write() as connection:
        storms.end(connection, by='w1', now=here.clock.now(), cooldown=60.0)
    assert not look(here).storm


def test_the_queue(here: Scene) -> None:
    here.recovery('c1')
    here.pass_(42)
    assert look(here).queue_age == 42.0
    assert look(here).oldest['ready'] == 42.0


def test_a_lost_claim(here: Scene) -> None:
    here.claimed()
    orphans = Orphans(here.store, 'w2')
    orphans.sweep()
    here.pass_(31)
    orphans.sweep()
    assert look(here).taken_over == 1
    assert look(here, 60.0).taken_over == 1
    here.pass_(61)
    assert look(here, 60.0).taken_over == 0


def test_processes(here: Scene) -> None:
    for name, kind in (('w1', 'worker'), ('w2', 'worker'), ('s', 'watcher')):
        workers.seen(here.store, Identity(name, kind, 'ctl', 1))
    with here.store.write() as connection:
        workers.drain(connection, ['w2'], by='ann', now=here.clock.now())
    assert look(here).workers == {
        ('worker', 'alive'): 1, ('worker', 'draining'): 1, ('watcher', 'alive'): 1,
    }  # fmt: skip
    here.pass_(workers.ALIVE_SECONDS + 1)
    assert look(here).workers == {('worker', 'silent'): 2, ('watcher', 'silent'): 1}


def test_switches_and_marks(here: Scene) -> None:
    service.pause(here.store, by='ann', reason='x')
    service.disarm(here.store, by='ann', reason='x')
    with here.store.write() as connection:
        hosts.put(connection, 'c1', maintenance=True)
    found = look(here)
    assert (found.paused, found.disarmed) == (True, True)
    assert found.hosts == {'maintenance': 1, 'failed': 0}


def test_fence_paths(here: Scene) -> None:
    now = here.clock.now()
    rows = [('c1', 'well: ok', now - 10), ('c2', 'broken: no', now - 99), ('c3', '', now - 5000)]
    with here.store.write() as connection:
        for name, verdict, at in rows:
            values = {'host': name, 'verdict': verdict, 'at': at, 'since': at, 'devices': []}
            connection.execute(tables.fence_path.insert().values(**values))
    found = look(here)
    assert found.paths == {'well': 1, 'broken': 1, 'unchecked': 1}
    assert found.ill_paths == {'c2': 'broken'}
    assert found.oldest_path == 99.0


def test_an_alarm_nobody_decided_about_is_counted_however_old(here: Scene) -> None:
    values = {'source': 's', 'key': 'k', 'kind': 'host-down', 'subject': HOST, 'at': 0.0,
              'arrived_at': 0.0, 'evidence': {}, 'raw': '', 'requested_by': 'x', 'repeats': 0,
              'id': 'x' * 36}  # fmt: skip
    with here.store.write() as connection:
        connection.execute(tables.alarm.insert().values(**values))
    assert look(here).alarms == {'none': 1}
