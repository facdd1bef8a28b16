"""What real fence agents do that a caller must not believe, and what the driver makes of it."""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.contracts.errors import NotFound, Refused, Unreachable
from drivers.contracts.fencing import PowerState
from drivers.contracts.inventory import InventoryError
from drivers.fencing.agent import AgentFencing, classes, metadata
from drivers.inventory.file import FileInventory
from tests.contract.agent_peers import AgentPeer, ApcSnmpPeer, FenceRedfishPeer, IpmilanPeer
from tests.contract.fencing_peer import Fault

SECONDS = 10.0

open_peer = functools.cache(lambda kind: kind())


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> Iterator[AgentPeer]:
    found: AgentPeer = open_peer(request.param)
    found.hosts = found.farm.hosts[3:]  # the others are broken by other files meanwhile
    with found.alone():
        found.restore()
        yield found
        found.restore()


ipmilan = pytest.mark.parametrize('peer', [IpmilanPeer], indirect=True)
redfish = pytest.mark.parametrize('peer', [FenceRedfishPeer], indirect=True)
apc_snmp = pytest.mark.parametrize('peer', [ApcSnmpPeer], indirect=True)


@pytest.mark.parametrize('peer', [IpmilanPeer, FenceRedfishPeer, ApcSnmpPeer], indirect=True)
def test_what_a_farm_is_set_to_stays(peer: AgentPeer) -> None:
    """Else a slow device of one test would switch in the middle of the next one."""
    host = peer.hosts[0]
    slow, before = peer.broken(host, Fault.SLOW), peer.requests_to_switch(host)
    ended = peer.clock.spawn('off', functools.partial(slow.power_off, timeout=SECONDS))
    while peer.requests_to_switch(host) == before:
        assert not peer.clock.wait(ended, 0.05)
    assert not peer.clock.wait(ended, 1.0)  # of the 2 s that it takes
    peer.switch(host, on=True)
    assert peer.clock.wait(ended, SECONDS)  # it has looked for longer than the device is slow
    assert peer.is_on(host)


@pytest.fixture
def dummy() -> str:
    try:
        return str(metadata.find('fence_dummy'))
    except Refused as error:
        pytest.skip(f'{error}: tools/peers install pdu, as root')


def bare(agent: str, **told: Any) -> subprocess.CompletedProcess[str]:
    """What an agent says to somebody who believes it."""
    text = ''.join(f'{key}={value}\n' for key, value in told.items())
    return subprocess.run([agent], input=text, capture_output=True, text=True, timeout=60)


def processes() -> dict[str, str]:
    """The arguments of every process of this machine, by its place in /proc."""
    found = {}
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            said = (folder / 'cmdline').read_text(errors='replace')
        except OSError:
            continue
        found[str(folder)] = said.replace('\0', ' ')
    return found


def arguments() -> str:
    """The arguments of every process of this machine."""
    return '\n'.join(processes().values())


def gone(peer: AgentPeer, text: str) -> bool:
    """Whether all whose arguments hold it end. One that hangs never would; those of other tests,
    which run meanwhile, do."""
    left = {place for place, said in processes().items() if text in said}
    end = peer.clock.elapsed() + 60.0
    while left and peer.clock.elapsed() < end:
        peer.clock.wait(None, 0.05)
        now = processes()
        left = {place for place in left if text in now.get(place, '')}
    return not left


def asked_meanwhile(peer: AgentPeer, host: str, password: str = '') -> str:
    """The arguments of every process while the agent asks a BMC that does not answer."""
    driver = peer.broken(host, Fault.HANG)
    if password:
        driver = AgentFencing.build(peer.settings(host, password))
    seen: list[str] = []

    def ask() -> None:
        with pytest.raises(Unreachable):
            driver.power_state(timeout=2.5)

    ended = peer.clock.spawn('asks', ask)
    while not peer.clock.wait(ended, 0.05):
        seen.append(arguments())
    return '\n'.join(seen)


@apc_snmp
def test_an_outlet_that_is_not_there_reads_off_and_is_not_believed(peer: AgentPeer) -> None:
    ours = peer.settings(peer.hosts[0], peer.password)
    said = bare(
        'fence_apc_snmp', action='status', ip='127.0.0.1', ipport=ours['port'], plug=99,
        snmp_version='2c', community=peer.password,
    )  # fmt: skip
    assert (said.returncode, said.stdout) == (2, 'Status: OFF\n')
    with pytest.raises(NotFound, match='fence_apc_snmp has no plug 99; there are 1, 2'):
        AgentFencing.build(ours | {'plug': 99}).power_state(timeout=SECONDS)


@apc_snmp
def test_an_outlet_in_an_unknown_state_reads_off_which_is_why_a_reason_is_needed(
    peer: AgentPeer,
) -> None:
    host = peer.hosts[0]
    driver = peer.broken(host, Fault.ODD)
    assert driver.power_state(timeout=SECONDS) is PowerState.OFF
    settings = peer.settings(host, peer.password)
    del settings['reason']
    with pytest.raises(Refused, match='reads OFF for whatever is not ON'):
        AgentFencing.build(settings).power_state(timeout=SECONDS)


@apc_snmp
def test_an_outlet_may_be_named_as_the_device_names_it(peer: AgentPeer) -> None:
    driver = AgentFencing.build(
        peer.settings(peer.hosts[0], peer.password) | {'plug': peer.hosts[0]}
    )
    driver.power_off(timeout=SECONDS)
    assert driver.power_state(timeout=SECONDS) is PowerState.OFF
    assert not peer.is_on(peer.hosts[0])


@redfish
def test_without_a_system_the_agent_takes_one_of_its_own_choice(peer: AgentPeer) -> None:
    ours = peer.settings(peer.hosts[0], peer.password)
    said = bare(
        'fence_redfish', action='status', ip='127.0.0.1', ipport=ours['port'],
        username=ours['username'], password=peer.password, ssl_insecure=1,
    )  # fmt: skip
    assert (said.returncode, said.stdout) == (0, 'Status: ON\n')
    del ours['plug']
    with pytest.raises(Refused, match='takes the machine that it finds first'):
        AgentFencing.build(ours).power_state(timeout=SECONDS)


@redfish
def test_certificates_are_checked_also_when_the_switch_says_so(
    peer: AgentPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent takes "ssl_insecure=0" for an order not to check."""
    ours = peer.settings(peer.hosts[0], peer.password)
    told = {
        'action': 'status', 'ip': '127.0.0.1', 'ipport': ours['port'], 'plug': '',
        'systems_uri': ours['plug'], 'username': ours['username'], 'password': peer.password,
    }  # fmt: skip
    assert bare('fence_redfish', **told).returncode == 1
    assert bare('fence_redfish', **told, ssl_insecure=0).returncode == 0
    checks = AgentFencing.build(ours | {'options': {'ssl_insecure': False}})
    with pytest.raises(Unreachable, match='CERTIFICATE_VERIFY_FAILED'):
        checks.power_state(timeout=SECONDS)
    trusts = AgentFencing.build(ours | {'options': {'ssl_insecure': True}})
    assert trusts.power_state(timeout=SECONDS) is PowerState.ON
    monkeypatch.setenv('REQUESTS_CA_BUNDLE', os.environ['RECOVERY_TEST_REDFISH_CA'])
    assert checks.power_state(timeout=SECONDS) is PowerState.ON


@redfish
def test_an_agent_without_a_deadline_gets_ours(peer: AgentPeer) -> None:
    """It hangs for ever whatever "power_timeout" says."""
    driver = peer.broken(peer.hosts[0], Fault.HANG)
    before = peer.clock.elapsed()
    with pytest.raises(Unreachable, match=r'no answer within 1\.\d+ s|no answer within 2 s'):
        driver.power_off(timeout=2.0)
    assert peer.clock.elapsed() - before < 20.0  # by itself it would not end
    assert gone(peer, '/sbin/fence_redfish')


@redfish
def test_a_secret_on_stdin_is_in_no_argument(peer: AgentPeer) -> None:
    password = 'one-that-no-other-test-has'
    seen = asked_meanwhile(peer, peer.hosts[0], password)
    assert '/sbin/fence_redfish' in seen
    assert password not in seen


@pytest.mark.parametrize(
    ('peer', 'option', 'flag'),
    [(IpmilanPeer, 'ipmitool_path', '-P'), (ApcSnmpPeer, 'snmpwalk_path', '-c')],
    indirect=['peer'],
)
def test_some_agents_put_secrets_into_arguments(
    peer: AgentPeer, option: str, flag: str, tmp_path: Path
) -> None:
    """Those tools hide them as soon as they run, but not before they do. Should this fail, the
    agent has learnt better, and needs no "secrets_in_argv" any more."""
    spy = tmp_path / 'spy'
    spy.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/seen\nexit 1\n')
    spy.chmod(0o755)
    settings = peer.settings(peer.hosts[0], peer.password)
    settings['options'] |= {option: str(spy)}
    with pytest.raises(Unreachable):
        AgentFencing.build(settings).power_state(timeout=SECONDS)
    assert f'{flag} {peer.password}' in (tmp_path / 'seen').read_text()
    del settings['secrets_in_argv']
    with pytest.raises(Refused, match='shows its secrets to every user of this machine'):
        AgentFencing.build(settings).power_state(timeout=SECONDS)


@ipmilan
def test_ipmitool_does_not_outlive_its_agent(peer: AgentPeer) -> None:
    port = str(peer.settings(peer.hosts[0], '')['port'])
    assert f'-p {port} ' in asked_meanwhile(peer, peer.hosts[0])
    assert gone(peer, f'-p {port} ')


def test_what_pretends_reads_a_file_that_is_missing_as_off(dummy: str, tmp_path: Path) -> None:
    said = bare(dummy, action='status', status_file=tmp_path / 'gone')
    assert said.returncode == 2
    file = tmp_path / 'fencing.yaml'
    file.write_text(
        'hosts: {one: [[{driver: fence-agent, agent: fence_dummy, '
        f'options: {{status_file: {tmp_path}/gone}}}}]]}}\n'
    )
    drivers: Any = {'fence-agent': AgentFencing}
    with pytest.raises(InventoryError, match='fence_dummy is for labs'):
        FileInventory(file, drivers).path('one')
    driver = FileInventory(file, drivers, lab=True).path('one').level(1).devices[0].driver
    assert driver.power_state(timeout=SECONDS) is PowerState.OFF


def test_what_pretends_to_fail_fails(dummy: str) -> None:
    settings = {'agent': dummy, 'options': {'type': 'fail', 'power_timeout': 1}}
    failing = AgentFencing.build(settings)
    read = set()
    for _ in range(6):  # it says ON and OFF by chance
        failing.power_off(timeout=SECONDS)
        read.add(failing.power_state(timeout=SECONDS))
    assert PowerState.UNKNOWN not in read


def test_an_unknown_key_is_a_default_for_the_agent_and_an_objection_for_us(dummy: str) -> None:
    assert 'Ignoring unknown option' in bare(dummy, action='status', stat_file='/x').stderr
    settings = {'agent': dummy, 'options': {'stat_file': '/x'}}
    with pytest.raises(Refused, match='fence_dummy knows no "stat_file"; near it are status_file'):
        AgentFencing.build(settings).power_state(timeout=SECONDS)


@pytest.mark.slow
def test_every_agent_of_our_table_can_do_what_a_fence_needs(dummy: str) -> None:
    there = [
        name for name in (*classes._POWER, *classes._GUESS) if os.path.exists(f'/usr/sbin/{name}')
    ]
    assert len(there) > 30
    for name in there:
        about = metadata.metadata(metadata.find(name))
        assert {'on', 'off', 'status'} <= about.actions, name
        assert not about.unfences, name
