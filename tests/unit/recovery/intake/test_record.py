"""Every decision keeps what its gates looked at, so that it can be made again."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.contracts.compute import Service
from drivers.simulated.clock import VirtualClock
from drivers.simulated.world import World
from recovery.claims.claim import Claim
from recovery.db import decisions, recoveries
from recovery.intake import again, receive
from recovery.intake.gates_port import PolicyGates
from recovery.policy import order, recorded
from recovery.policy.decide import decide
from recovery.policy.inputs import Inputs
from recovery.site import Site


def replays(site: Site, recovery: str) -> list[str]:
    """Decide again from each record alone: the stages at which the answers were the same."""
    known = {gate.name: gate for gate in order.every_gate()}
    with site.store.read() as connection:
        rows = decisions.of_recovery(connection, recovery, inputs=True)
    for row in rows:
        found = recorded.decode(row['inputs'])
        assert found.notes == ()
        gates = [known[one['gate']] for one in row['gates']]
        decision = decide(gates, found.inputs, may_end=found.may_end)
        assert decision.records() == row['gates']
        assert (str(decision.word), decision.gate) == (row['answer'], row['gate'])
    return [row['stage'] for row in rows]


def test_a_decision_can_be_made_again_from_its_record(
    site: Site, alarm: Any, dead: str, clock: VirtualClock
) -> None:
    outcome = receive(site, alarm(dead))
    claim = Claim.win(site.store, str(outcome.recovery), worker='w', lease=600.0)
    assert claim is not None
    gates = PolicyGates(site, claim)
    assert gates.again().answer == 'admit'
    with claim.act('power-off', 'bmc', observed={}, within=5.0, line=gates.line()):
        pass
    gates.again()
    assert replays(site, str(outcome.recovery)) == ['intake', 'verify', 'line', 'verify']


def test_held_and_admitted_later(site: Site, alarm: Any, world: World, clock: VirtualClock) -> None:
    outcome = receive(site, alarm('compute-02'))
    assert outcome.answer == 'hold'
    world.lose_power('compute-02')
    clock.wait(None, 90.0)
    again.held(site)
    with site.store.read() as connection:
        row = recoveries.get(connection, str(outcome.recovery))
    assert row is not None
    assert row['state'] == 'ready'
    assert replays(site, str(outcome.recovery))[0] == 'intake'
    assert replays(site, str(outcome.recovery))[-1] == 'held'


def test_an_alarm_that_was_ignored_keeps_its_inputs_too(site: Site, alarm: Any) -> None:
    outcome = receive(site, alarm('compute-77'))
    with site.store.read() as connection:
        (row,) = decisions.of_alarm(connection, str(outcome.alarm))
    assert 'inputs' not in row, 'large, and wanted only to decide again'
    assert row['answer'] == 'ignore'


def test_what_a_thousand_hosts_leave_behind_is_small() -> None:
    hosts = 1000
    services = tuple(
        Service(f'{n:036x}', f'compute-{n:04d}', True, 'up', False, None, 1e9 + n % 10, 'nova')
        for n in range(hosts)
    )
    blob = recorded.encode(Inputs('host-down', 'c', 1e9, services=services), may_end=True)
    assert len(blob) < 40 * hosts


def test_a_decision_counts_though_its_inputs_cannot_be_kept(
    site: Site, alarm: Any, dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> bytes:
        raise TypeError('no form in JSON')

    monkeypatch.setattr(recorded, 'encode', broken)
    outcome = receive(site, alarm(dead))
    assert outcome.answer == 'admit'
    with site.store.read() as connection:
        (row,) = decisions.of_recovery(connection, str(outcome.recovery), inputs=True)
    assert (row['answer'], row['inputs']) == ('admit', None)
