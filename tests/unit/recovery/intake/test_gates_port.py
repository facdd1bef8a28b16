"""The gates as a worker asks them: verify, below the line, and in the line's own transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from drivers.simulated.clock import VirtualClock
from drivers.simulated.world import World
from flows.stop import BackToFence, Waiting
from recovery.claims.claim import Claim
from recovery.db import decisions, guards, hosts
from recovery.intake import receive
from recovery.intake.gates_port import PolicyGates
from recovery.site import Site


def claimed(site: Site, alarm: Any, subject: str = 'compute-01') -> Claim:
    outcome = receive(site, alarm(subject))
    assert outcome.answer == 'admit', outcome
    claim = Claim.win(site.store, str(outcome.recovery), worker='w', lease=600.0)
    assert claim is not None
    return claim


def power_off(claim: Claim, gates: PolicyGates | None) -> None:
    line = gates.line() if gates else None
    with claim.act('power-off', 'bmc', observed={}, within=5.0, line=line):
        pass


def force_down(site: Site, claim: Claim) -> None:
    """As the flow does it, once the host is proven off."""
    with claim.act(
        'force-down', claim.host, observed={'not_forced': True, 'enabled': True}, within=5.0
    ):
        (service,) = [one for one in site.compute.services(timeout=9.0) if one.host == claim.host]
        reason = f'recovery {claim.recovery_id}'
        site.compute.set_service(
            service.id, enabled=False, disabled_reason=reason, forced_down=True, timeout=9.0
        )


def newest(site: Site, claim: Claim) -> sa.RowMapping:
    with site.store.read() as connection:
        row = decisions.newest(connection, claim.recovery_id)
    assert row is not None
    return row


def test_verify_asks_again_and_records(site: Site, alarm: Any, dead: str) -> None:
    claim = claimed(site, alarm)
    assert PolicyGates(site, claim).again().answer == 'admit'
    assert newest(site, claim)['stage'] == 'verify'


def test_a_host_that_came_back_by_itself_needs_nothing(
    site: Site, alarm: Any, world: World, clock: VirtualClock, dead: str
) -> None:
    claim = claimed(site, alarm)
    world.give_power(dead)
    clock.wait(None, 60.0)
    verdict = PolicyGates(site, claim).again()
    assert (verdict.answer, verdict.gate) == ('ignore', 'over')


def test_a_swapped_controller_holds_and_a_dead_one_does_not(
    site: Site, alarm: Any, world: World, dead: str
) -> None:
    claim = claimed(site, alarm)
    with site.store.write() as connection:
        serial = world.hosts[dead].serial
        hosts.enrol(connection, dead, {'bmc': serial})
    gates = PolicyGates(site, claim)
    assert gates.again().answer == 'admit'
    fault = world.faults.add('bmc.*', 'hang')
    assert gates.again().answer == 'admit'
    world.faults.remove(fault)
    world.swap_bmcs(dead, 'compute-02')
    verdict = gates.again()
    assert (verdict.answer, verdict.gate) == ('hold', 'identity')


def test_below_the_line_a_host_that_comes_back_is_fenced_again(
    site: Site, alarm: Any, world: World, clock: VirtualClock, dead: str
) -> None:
    claim = claimed(site, alarm)
    power_off(claim, None)
    force_down(site, claim)
    world.give_power(dead)
    for number in range(2, 7):
        world.isolate(f'compute-{number:02d}')
    clock.wait(None, 60.0)
    gates = PolicyGates(site, claim)
    assert gates.again().answer == 'admit'
    assert newest(site, claim)['stage'] == 'below'
    power_off(claim, gates)


def test_a_rerun_on_a_host_in_service_fences_nobody(
    site: Site, alarm: Any, world: World, clock: VirtualClock, dead: str
) -> None:
    claim = claimed(site, alarm)
    power_off(claim, None)
    world.give_power(dead)
    clock.wait(None, 60.0)
    verdict = PolicyGates(site, claim).again()
    assert verdict.answer == 'hold'  # it was powered off once: not for nothing
    assert 'is back' in verdict.reason


def test_pause_and_disarm_hold_below_the_line_too(site: Site, alarm: Any, dead: str) -> None:
    claim = claimed(site, alarm)
    power_off(claim, None)
    force_down(site, claim)
    with site.store.write() as connection:
        guards.disarm(connection, by='bob', reason='restored', now=0.0)
    verdict = PolicyGates(site, claim).again()
    assert (verdict.answer, verdict.verb) == ('hold', 'recovery arm')


def test_the_line_is_crossed_with_the_count_in_its_transaction(
    site: Site, alarm: Any, conf: cfg.ConfigOpts, world: World, clock: VirtualClock
) -> None:
    """Both counted one free place; only the first to commit has it."""
    conf.set_override('fence_budget', 1, 'policy')
    for name in ('compute-01', 'compute-02'):
        world.lose_power(name)
    clock.wait(None, 40.0)
    first, second = claimed(site, alarm), claimed(site, alarm, 'compute-02')
    lines = [PolicyGates(site, one).line() for one in (first, second)]
    with first.act('power-off', 'bmc', observed={}, within=5.0, line=lines[0]):
        pass
    with (
        pytest.raises(Waiting, match='1 hosts were fenced within 10 min') as held,
        second.act('power-off', 'bmc', observed={}, within=5.0, line=lines[1]),
    ):
        raise AssertionError('the second fence must not begin')
    assert held.value.verb == f'recovery approve {second.recovery_id[:8]}'


def test_what_holds_at_the_line_is_recorded_for_approval(
    site: Site, alarm: Any, world: World, clock: VirtualClock, dead: str
) -> None:
    claim = claimed(site, alarm)
    for number in range(2, 7):
        world.isolate(f'compute-{number:02d}')
    clock.wait(None, 40.0)
    with pytest.raises(Waiting, match='6 of 10'):
        power_off(claim, PolicyGates(site, claim))
    row = newest(site, claim)
    assert (row['stage'], row['gate']) == ('line', 'mass-failure')
    claim.transact(lambda _: None, approved_by='ann', approved_gates=['mass-failure', 'storm'])
    power_off(claim, PolicyGates(site, claim))


@pytest.mark.parametrize(('answer', 'gate'), [('veto', 'veto'), ('hold', 'signs-of-life')])
def test_a_host_that_lives_by_the_time_of_the_line_is_not_fenced(
    site: Site, alarm: Any, world: World, clock: VirtualClock, dead: str, answer: str, gate: str
) -> None:
    """Between verify and the line may lie hours: of a pause, or of a Nova that was away (S9)."""
    site.conf.set_override('channel', [f'{answer} sim:agent of {{host}}'], 'life')
    claim = claimed(site, alarm)
    gates = PolicyGates(site, claim)
    assert gates.again().answer == 'admit'
    world.isolate(dead)  # it will tell Nova nothing
    world.give_power(dead)
    clock.wait(None, 600.0)
    with pytest.raises(Waiting, match='sim:agent of compute-01 says answers'):
        power_off(claim, gates)
    assert (newest(site, claim)['stage'], newest(site, claim)['gate']) == ('line', gate)
    world.lose_power(dead)
    power_off(claim, gates)


def test_a_device_that_is_swapped_after_verify_is_not_asked(
    site: Site, alarm: Any, world: World, dead: str
) -> None:
    """Between verify and the first request lie a disable, a pause, a Nova that was away (H4)."""
    path = site.inventory.path(dead)
    identities = {one.name: one.driver.identity(timeout=9.0) for one in path.devices}
    with site.store.write() as connection:
        hosts.put(connection, dead, identities=identities)
    claim = claimed(site, alarm)
    gates = PolicyGates(site, claim, path)
    assert gates.again().answer == 'admit'
    world.swap_bmcs(dead, 'compute-05')
    with pytest.raises(Waiting, match='no longer what it was at enrolment'):
        power_off(claim, gates)
    assert (newest(site, claim)['stage'], newest(site, claim)['gate']) == ('line', 'identity')
    world.swap_bmcs(dead, 'compute-05')
    power_off(claim, gates)


def test_gates_and_requests_speak_of_the_same_devices(
    site: Site, alarm: Any, dead: str, tmp_path: Path
) -> None:
    """A claim keeps the devices that it was claimed with; the gates look at the inventory of now.
    Where they differ it is verified anew, with a new claim."""
    path = site.inventory.path(dead)
    claim = claimed(site, alarm)
    gates = PolicyGates(site, claim, path)
    power_off(claim, gates)
    file = tmp_path / 'fencing.yaml'
    file.write_text(file.read_text().replace('name: bmc', 'name: other'))
    assert [one.name for one in site.inventory.path(dead).devices] == ['other']
    for line in (gates.line, lambda: PolicyGates(site, claim, path).line()):
        with pytest.raises(BackToFence, match='the inventory of compute-01 changed since') as back:
            line()
        assert 'bmc at ' in back.value.reason
        assert 'other at ' in back.value.reason
    power_off(claim, PolicyGates(site, claim, site.inventory.path(dead)))


def test_a_lost_claim_records_nothing(site: Site, alarm: Any, dead: str) -> None:
    claim = claimed(site, alarm)
    claim.transact(lambda _: None, token=None)
    with pytest.raises(BaseException, match='another worker owns'):
        PolicyGates(site, claim).again()
    assert newest(site, claim)['stage'] == 'intake'
