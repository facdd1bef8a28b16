"""What a proof keeps, of which devices, and when a host is left to a human to switch on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from drivers.contracts.compute import ComputeDriver
from drivers.contracts.fencing import FenceDevice, FenceLevel, FencePath, PowerOn
from flows.ports import Claim, Gates, Ledger
from flows.records import Intent, Proof, Verdict
from flows.stop import BackToFence, Waiting
from flows.tasks import fencing
from flows.tasks.fencing import ConfirmOff
from tests.unit.flows.devices import Clock, Device, device
from tests.unit.flows.fencing.test_levels import Acts

HOST = 'compute-02'


class Owner(Acts):
    """A claim and a ledger in one, with what this round asked of the devices."""

    host, round, epoch = HOST, 1, 1

    def __init__(self, *intents: Intent) -> None:
        super().__init__()
        self.asked = intents
        self.observations: list[Mapping[str, Any]] = []

    def begin(self, phase: str, step: str) -> None:
        pass

    def intents(self, action: str | None = None) -> tuple[Intent, ...]:
        return tuple(one for one in self.asked if action in (None, one.action))

    def confirmation(self) -> Proof | None:
        return None

    def record_proof(self, *, level: int, observations: Sequence[Mapping[str, Any]]) -> Proof:
        self.observations += observations
        return Proof(7, 'r', 1, 1, HOST, 'power', level, 0.0)


def off(name: str, level: int, attempt: int) -> Intent:
    observed = {'level': level, 'address': f'sim://{name}', 'driver': '', 'attempt': attempt}
    return Intent(1, 1, 'power-off', name, observed, 0.0, 'accepted')


def path(*levels: tuple[FenceDevice, ...]) -> FencePath:
    return FencePath(HOST, tuple(FenceLevel(at, each) for at, each in enumerate(levels, 1)))


def confirm(owner: Owner, fence_path: FencePath, clock: Clock, level: int) -> int:
    task = ConfirmOff('confirm-off', confirm_seconds=2.0, again_seconds=30.0)
    ledger, claim = cast(Ledger, owner), cast(Claim, owner)
    return task.execute({'level': level}, claim, ledger, fence_path, clock)


def test_the_proof_tells_level_device_and_attempt() -> None:
    clock = Clock()
    bmc = device(Device(clock, 'away'), 'bmc')
    left, right = (device(Device(clock, 'off'), name) for name in ('left', 'right'))
    owner = Owner(off('bmc', 1, 1), off('left', 2, 1), off('left', 2, 2), off('right', 2, 0))
    assert confirm(owner, path((bmc,), (left, right)), clock, 2) == 7
    seen = [(one['device'], one['level'], one['attempt']) for one in owner.observations]
    assert seen == [('left', 2, 2), ('right', 2, 0)] * 2
    assert {one['power'] for one in owner.observations} == {'off'}
    assert owner.observations[2]['at'] - owner.observations[0]['at'] == 2.0


def test_a_bmc_that_lost_its_feed_is_not_read_for_the_proof() -> None:
    """The outlets of the level that passed are the reading (H3)."""
    clock = Clock()
    bmc, pdu = device(Device(clock, 'away'), 'bmc'), device(Device(clock, 'off'), 'pdu')
    confirm(Owner(off('bmc', 1, 1), off('pdu', 2, 1)), path((bmc,), (pdu,)), clock, 2)
    assert cast(Device, bmc.driver).asked_at == []
    assert len(cast(Device, pdu.driver).asked_at) == 2


@pytest.mark.parametrize(('second', 'stop'), [('on', BackToFence), ('away', Waiting)])
def test_every_device_of_the_level_is_read_twice(second: str, stop: type[BaseException]) -> None:
    clock = Clock()
    left, right = (device(Device(clock, 'off'), 'left'), device(Device(clock, 'off', second), 'b'))
    owner = Owner(off('left', 1, 1), off('b', 1, 1))
    with pytest.raises(stop):
        confirm(owner, path((left, right)), clock, 1)
    assert owner.observations == []


@dataclass(frozen=True)
class Whose:
    """The gates that ask whose devices they are."""

    answer: str

    def device(self) -> Verdict:
        return Verdict(self.answer, 'identity', 'another machine may be behind it', 'a verb')


def power_on(
    monkeypatch: pytest.MonkeyPatch, *devices: FenceDevice, answer: str = 'admit'
) -> dict[str, Any]:
    monkeypatch.setattr(fencing, 'all_ended', lambda *_: [])
    clock = cast(Device, devices[0].driver).clock
    owner, compute = Owner(), cast(ComputeDriver, None)
    task = fencing.PowerOn('power-on', again_seconds=30.0, read_seconds=5.0)
    claim, ledger, gates = cast(Claim, owner), cast(Ledger, owner), cast(Gates, Whose(answer))
    return task.execute({}, claim, ledger, gates, compute, path(devices), clock)


def never(name: str, *readings: str) -> FenceDevice:
    return replace(device(Device(Clock(), *readings), name), power_on=PowerOn.NEVER)


def test_a_human_is_asked_where_we_must_not_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Waiting) as waiting:
        power_on(monkeypatch, never('bmc', 'off'))
    assert (waiting.value.code, waiting.value.again_in) == ('power-on-by-hand', 30.0)
    assert waiting.value.verb == f'recovery host return {HOST}'
    assert 'a human has to switch it on: bmc reads off' in waiting.value.reason


@pytest.mark.parametrize('readings', [('on',), ('away',), ('unknown',)])
def test_the_return_goes_on_where_a_human_may_have_done_it(
    monkeypatch: pytest.MonkeyPatch, readings: tuple[str, ...]
) -> None:
    """What no device can see its agent will tell."""
    assert power_on(monkeypatch, never('bmc', *readings))['asked'] == 0


def test_what_could_not_be_switched_on_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = device(Device(Clock(), 'off', takes='refused'))
    with pytest.raises(Waiting) as waiting:
        power_on(monkeypatch, dead)
    assert waiting.value.code == 'power-on-failed'
    assert 'bmc: not now' in waiting.value.reason


def test_no_other_machine_is_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    swapped = device(Device(Clock(), 'off'))
    with pytest.raises(Waiting) as waiting:
        power_on(monkeypatch, swapped, answer='hold')
    assert (waiting.value.code, waiting.value.verb) == ('held', 'a verb')
    assert 'another machine' in waiting.value.reason
    assert cast(Device, swapped.driver).asked_at == []
