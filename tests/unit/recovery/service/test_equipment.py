"""What a claimed recovery is given, and how it waits for what cannot be given."""

from __future__ import annotations

import dataclasses

import pytest

from flows.stop import Waiting
from recovery.claims.claim import Claim
from recovery.db import recoveries
from recovery.service.equipment import Equipment
from recovery.service.tally import Tally
from tests.stage import Stage
from tests.unit.recovery.claims.scene import FRESH


def claimed(stage: Stage, host: str = 'compute-01', kind: str = 'host-down') -> Claim:
    store, clock = stage.site.store, stage.clock
    fresh = dataclasses.replace(FRESH, id=clock.new_id(), kind=kind, subject=host, host=host)
    with store.write() as connection:
        recoveries.create(connection, dataclasses.replace(fresh, created_at=clock.now()))
    claim = Claim.win(store, fresh.id, worker='w1', lease=30.0)
    assert claim is not None
    return claim


def equip(stage: Stage) -> Equipment:
    return Equipment(stage.site, Tally(stage.clock, lambda: 0))


def test_everything_that_the_steps_name(stage: Stage) -> None:
    equipment, claim = equip(stage), claimed(stage)
    tools = equipment(claim)
    assert set(tools) == {
        'claim', 'ledger', 'gates', 'compute', 'fence_path', 'clock', 'slots', 'spares',
    }  # fmt: skip
    assert tools['claim'] is claim
    assert [device.name for device in tools['fence_path'].levels[0].devices] == ['bmc']
    other = equipment(claimed(stage, 'compute-02'))
    assert other['slots'] is tools['slots']  # the limit is of the process
    assert other['ledger'] is not tools['ledger']


def test_a_host_that_the_inventory_does_not_know(stage: Stage) -> None:
    stage.inventory_file.write_text('hosts: {}\n')
    with pytest.raises(Waiting, match='has no entry for compute-01') as caught:
        equip(stage)(claimed(stage))
    assert (caught.value.code, caught.value.verb) == ('inventory', 'recovery host check compute-01')
    assert caught.value.again_in


def test_an_inventory_that_cannot_be_used_until_it_is_put_right(stage: Stage) -> None:
    good = stage.inventory_file.read_text()
    stage.inventory_file.write_text('hosts: [no')
    equipment, claim = equip(stage), claimed(stage)
    with pytest.raises(Waiting, match='cannot be used') as caught:
        equipment(claim)
    assert caught.value.code == 'inventory'
    stage.inventory_file.write_text(good + '\n')
    equipment(claim)


def test_a_cloud_that_is_not_configured(stage: Stage) -> None:
    (stage.folder / 'clouds.yaml').write_text('clouds: {}\n')
    with pytest.raises(Waiting) as caught:
        equip(stage)(claimed(stage))
    assert caught.value.code.startswith('nova-')
    assert caught.value.again_in


def test_who_fences_nobody_needs_no_inventory(stage: Stage) -> None:
    stage.inventory_file.write_text('hosts: {}\n')
    assert equip(stage)(claimed(stage, kind='service-down'))['fence_path'].levels == ()
