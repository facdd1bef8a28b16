"""Recovered hosts that come back, or are brought back, by the policy of the site."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from recovery.db import guards, hosts, recoveries, states, tables
from recovery.service.life import Life
from tests.stage import Stage
from tests.unit.recovery.service.test_equipment import claimed

HOST = 'compute-01'
WHEN_BACK = {'restore.policy': 'when-back'}
POWER_ON = {'restore.policy': 'power-on'}


def recovered(stage: Stage, state: str = states.DONE, **values: Any) -> str:
    """A host that was fenced and recovered; its power is off."""
    stage.world.lose_power(HOST)
    stage.run(70.0)
    claim = claimed(stage)
    claim.release(state)
    with stage.site.store.write() as connection:
        hosts.put(connection, HOST, failed_by=claim.recovery_id, **values)
    return claim.recovery_id


def sweep(stage: Stage, life: Life | None = None) -> list[str]:
    """Look once. Which kinds of recovery there are now."""
    stage.ask((life or Life(stage.site)).sweep)
    return [row['kind'] for row in stage.recoveries()]


@pytest.mark.parametrize('stage', [WHEN_BACK], indirect=True)
class TestWhenBack:
    def test_a_host_that_stays_off_is_left_alone(self, stage: Stage) -> None:
        recovered(stage)
        assert sweep(stage) == ['host-down']

    def test_one_that_has_power_again_is_returned(self, stage: Stage) -> None:
        recovered(stage)
        stage.world.give_power(HOST)
        assert sweep(stage) == ['host-down', 'host-return']
        row = stage.recovery()
        assert (row['state'], row['host'], row['requested_by']) == ('ready', HOST, 'operator')
        assert row['reason'] == 'it is back: bmc reads on'

    def test_not_twice(self, stage: Stage) -> None:
        recovered(stage)
        stage.world.give_power(HOST)
        sweep(stage)
        assert sweep(stage) == ['host-down', 'host-return']

    def test_a_host_without_our_mark_is_not_ours(self, stage: Stage) -> None:
        recovered(stage)
        stage.world.give_power(HOST)
        with stage.site.store.write() as connection:
            hosts.put(connection, HOST, failed_by=None)
        assert sweep(stage) == ['host-down']

    def test_one_in_maintenance_is_its_operators(self, stage: Stage) -> None:
        recovered(stage, maintenance=True)
        stage.world.give_power(HOST)
        assert sweep(stage) == ['host-down']

    @pytest.mark.parametrize('state', sorted(states.LIVE))
    def test_one_with_a_live_recovery_is_not_touched(self, stage: Stage, state: str) -> None:
        down = recovered(stage)
        stage.world.give_power(HOST)
        mine, live = tables.recovery.c.id == down, {'state': state, 'open_key': f'host:{HOST}'}
        with stage.site.store.write() as connection:
            connection.execute(tables.recovery.update().where(mine).values(**live))
        assert sweep(stage) == ['host-down']

    def test_a_device_that_does_not_answer_tells_nothing(self, stage: Stage) -> None:
        recovered(stage)
        stage.world.give_power(HOST)
        stage.world.faults.add('bmc.*', 'drop')
        assert sweep(stage) == ['host-down']

    def test_an_inventory_that_cannot_be_used_tells_nothing(self, stage: Stage) -> None:
        recovered(stage)
        stage.world.give_power(HOST)
        stage.inventory_file.write_text('hosts: [no')
        assert sweep(stage) == ['host-down']

    def test_what_blocks_the_return_is_told_once(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        recovered(stage)
        stage.world.give_power(HOST)
        with stage.site.store.write() as connection:
            guards.pause(connection, by='ann', reason='network work', now=1.0)
        life = Life(stage.site)
        with caplog.at_level(logging.WARNING, 'recovery.service.life'):
            assert sweep(stage, life) == ['host-down']
            sweep(stage, life)
        said = [one for one in caplog.records if one.name == 'recovery.service.life']
        assert len(said) == 1
        assert said[0].getMessage().startswith(f'{HOST} stays out (it is back: bmc reads on): ')


@pytest.mark.parametrize('stage', [POWER_ON], indirect=True)
class TestPowerOn:
    def test_a_host_whose_recovery_is_done_is_brought_back(self, stage: Stage) -> None:
        recovered(stage)
        assert sweep(stage) == ['host-down', 'host-return']
        assert stage.recovery()['reason'] == '[restore] policy = power-on'

    @pytest.mark.parametrize('state', [states.DONE_WITH_FAILURES, states.CANCELLED])
    def test_another_end_is_a_humans(self, stage: Stage, state: str) -> None:
        recovered(stage, state)
        assert sweep(stage) == ['host-down']

    def test_a_return_that_was_ended_is_not_begun_again(self, stage: Stage) -> None:
        recovered(stage)
        sweep(stage)
        back = stage.recovery()['id']
        with stage.site.store.write() as connection:
            assert recoveries.move(
                connection, back, states.READY, states.CANCELLED, stage.clock.now()
            )
        assert sweep(stage) == ['host-down', 'host-return']


@pytest.mark.parametrize('stage', [{'restore.policy': 'never'}], indirect=True)
def test_never_is_never(stage: Stage) -> None:
    recovered(stage)
    stage.world.give_power(HOST)
    assert sweep(stage) == ['host-down']
