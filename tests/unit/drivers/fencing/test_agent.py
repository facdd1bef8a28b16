"""The traps of fence agents, one test each, with scripts in place of agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from drivers.clock import SystemClock
from drivers.contracts.errors import DriverError, NotFound, Refused, Unreachable
from drivers.contracts.fencing import PowerState
from drivers.fencing.agent import AgentFencing
from tests.unit.drivers.fencing.agents import Agent

SECONDS = 10.0


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path)


@pytest.mark.parametrize(
    ('script', 'state'),
    [
        ('echo "Status: ON"; exit 0', PowerState.ON),
        ('echo "Status: OFF"; exit 2', PowerState.OFF),
        ('echo "Status: OFF"; exit 0', PowerState.UNKNOWN),
        ('echo "Status: ON"; exit 2', PowerState.UNKNOWN),
        ('echo noise; echo noise >&2; echo "Status: OFF"; exit 2', PowerState.OFF),
    ],
)
def test_a_state_is_a_word_and_an_exit_status(agent: Agent, script: str, state: PowerState) -> None:
    agent.does(script)
    assert agent.driver().power_state(timeout=SECONDS) is state


@pytest.mark.parametrize(
    'script',
    [
        'exit 2',  # a shell that stumbled, or an option that was not understood
        'echo "usage: fence_x" >&2; exit 2',
        'exit 0',
        'echo "Status: OFF"; exit 1',
        'echo "Status: OFF"; exit 127',
        'echo "Status: OFF"; kill -9 $$',
        'echo "Status: OFF"; echo "Status: OFF"; exit 2',
        'echo "Success: Already OFF"; exit 2',
        'echo "The Status: OFF was not seen"; exit 2',
    ],
)
def test_everything_else_is_no_answer(agent: Agent, script: str) -> None:
    agent.does(script)
    with pytest.raises(Unreachable):
        agent.driver().power_state(timeout=SECONDS)


def test_success_of_off_is_no_reading(agent: Agent) -> None:
    agent.does('case $action in off) echo "Success: Powered OFF"; exit 0 ;; esac; '
               'echo "Status: ON"; exit 0')  # fmt: skip
    driver = agent.driver()
    driver.power_off(timeout=SECONDS)
    assert driver.power_state(timeout=SECONDS) is PowerState.ON
    assert agent.read('actions') == ['off', 'status']


def test_reboot_is_never_said(agent: Agent) -> None:
    agent.does('echo "Status: ON"; exit 0')
    driver = agent.driver()
    driver.power_on(timeout=SECONDS)
    driver.power_off(timeout=SECONDS)
    driver.power_state(timeout=SECONDS)
    assert agent.read('actions') == ['on', 'off', 'status']


@pytest.mark.parametrize('method', ['power_off', 'power_on'])
def test_an_agent_that_waited_in_vain_was_heard(agent: Agent, method: str) -> None:
    word = method.removeprefix('power_').upper()
    agent.does(f'echo "2026-01-01 ERROR: Failed: Timed out waiting to power {word}" >&2; exit 1')
    getattr(agent.driver(), method)(timeout=SECONDS)
    agent.does('echo "2026-01-01 10:00:00,123 ERROR: Connection timed out" >&2; exit 1')
    with pytest.raises(Unreachable, match=r'^fence_apc: Connection timed out \(exit status 1\)$'):
        getattr(agent.driver(), method)(timeout=SECONDS)


def test_everything_is_said_on_stdin_and_nothing_in_arguments(agent: Agent) -> None:
    agent.does('echo "Status: ON"; exit 0')
    secret = 'a "quoted" pass=word #1 $(x)'
    driver = agent.driver(
        port=2323, username='admin', password=secret, secrets={'community': 'hush'}
    )
    driver.power_state(timeout=SECONDS)
    assert agent.read('argv') == [f'{agent.path}|']
    told = agent.told()
    assert told['action'] == 'status'
    assert told['password'] == secret
    assert (told['ip'], told['ipport'], told['plug']) == ('192.0.2.1', '2323', '3')
    assert (told['username'], told['community']) == ('admin', 'hush')
    assert not [line for line in agent.read('environment') if 'hush' in line or 'pass' in line]
    assert 'LC_ALL=C' in agent.read('environment')


def test_agents_are_told_not_to_repeat_and_how_long_to_wait(agent: Agent) -> None:
    agent.does('exit 0')
    agent.driver().power_on(timeout=20.0)
    told = agent.told()
    assert (told['retry_on'], told['method'], told['disable_timeout']) == ('0', 'onoff', '0')
    assert told['power_timeout'] == '9'
    agent.driver(options={'power_timeout': 4}).power_on(timeout=20.0)
    assert agent.told()['power_timeout'] == '4'


def test_a_switch_that_is_off_is_not_said_unless_it_is_on_by_default(agent: Agent) -> None:
    """Agents look whether ssl_insecure was said at all, whatever was said of it."""
    agent.does('exit 0')
    agent.driver(options={'ssl_insecure': False, 'lanplus': False}).power_on(timeout=SECONDS)
    assert 'ssl_insecure' not in agent.told()
    assert agent.told()['lanplus'] == '0'
    agent.driver(options={'ssl-insecure': True}).power_on(timeout=SECONDS)
    assert agent.told()['ssl_insecure'] == '1'


@pytest.mark.parametrize('method', ['power_state', 'power_off', 'power_on'])
def test_an_agent_that_hangs_is_ended(agent: Agent, method: str) -> None:
    agent.does('trap "" TERM; sleep 60 & sleep 60; sleep 60')
    clock = SystemClock()
    agent.driver()
    before = clock.elapsed()
    with pytest.raises(Unreachable, match='no answer within'):
        getattr(agent.driver(), method)(timeout=1.0)
    assert clock.elapsed() - before < 3.0


def test_an_agent_that_hangs_when_asked_who_it_is_is_ended_too(agent: Agent) -> None:
    agent.path.write_text('#!/bin/sh\nsleep 60\n')
    clock = SystemClock()
    before = clock.elapsed()
    with pytest.raises(Unreachable, match='cannot describe itself: no answer within 1 s'):
        agent.driver().power_state(timeout=1.0)
    assert clock.elapsed() - before < 3.0


def test_a_reason_is_told_without_noise_and_secrets(agent: Agent) -> None:
    agent.does(
        'echo "x.py:5: DeprecationWarning: pipes" >&2; echo "  from pipes import quote" >&2;'
        'echo "2026-01-01 10:00:00,123 ERROR: login admin/hush%21 with hush! failed" >&2; echo >&2;'
        'echo "2026-01-01 10:00:00,123 ERROR: Please use \'-h\' for usage" >&2; exit 1'
    )
    driver = agent.driver(username='admin', password='hush!')
    with pytest.raises(Unreachable) as caught:
        driver.power_state(timeout=SECONDS)
    assert str(caught.value) == 'fence_apc: login admin/*** with *** failed (exit status 1)'
    assert 'hush' not in repr(driver)


def test_an_agent_whose_off_is_a_guess_must_know_the_outlet(tmp_path: Path) -> None:
    agent = Agent(tmp_path, 'fence_apc_snmp')
    agent.does('case $action in list) echo "1,Outlet 1"; echo "2,Outlet 2"; exit 0 ;; esac; '
               'echo "Status: OFF"; exit 2')  # fmt: skip
    known: dict[str, Any] = {'class': 'power', 'reason': 'tried in our racks'}
    with pytest.raises(NotFound, match='fence_apc_snmp has no plug 3; there are 1, 2'):
        agent.driver(**known).power_state(timeout=SECONDS)
    there = agent.driver(**known | {'plug': 'Outlet 2'})
    assert there.power_state(timeout=SECONDS) is PowerState.OFF
    agent.does('case $action in list) exit 1 ;; esac; echo "Status: OFF"; exit 2')
    with pytest.raises(Unreachable):
        there.power_state(timeout=SECONDS)


def test_a_driver_obeys_the_rules_without_an_inventory(agent: Agent) -> None:
    agent.does('echo "Status: OFF"; exit 2')
    for wrong in (
        {'options': {'lan_plus': True}},
        {'options': {'action': 'off'}},
        {'password': 'two\nplug=4'},
        {'options': {'missing_as_off': True}},
    ):
        driver = agent.driver(**wrong)
        for method in (driver.power_off, driver.power_on, driver.power_state):
            with pytest.raises(Refused):
                method(timeout=SECONDS)
    assert agent.read('actions') == []


def test_nobody_is_asked_when_there_is_no_time(agent: Agent) -> None:
    with pytest.raises(DriverError):
        agent.driver().power_off(timeout=0.0)
    assert agent.read('actions') == []


def test_agents_have_no_identity(agent: Agent) -> None:
    assert agent.driver().identity(timeout=SECONDS) is None


def test_settings() -> None:
    schema = Draft202012Validator(AgentFencing.SETTINGS_SCHEMA)
    assert schema.is_valid({'agent': 'fence_apc', 'address': 'pdu-{host}', 'plug': 3})
    assert schema.is_valid({'agent': '/opt/x/fence_apc', 'address': '[2001:db8::1]'})
    for wrong in (
        {'agent': 'apc'},
        {'agent': 'fence_apc --help'},
        {'agent': '../fence_apc'},
        {'agent': 'fence_apc', 'address': '192.0.2.1 -f /etc/passwd'},  # agents do not quote it
        {'agent': 'fence_apc', 'address': '$(reboot)'},
        {'agent': 'fence_apc', 'address': '--help'},
        {'agent': 'fence_apc', 'options': {'plug': [1, 2]}},
        {'agent': 'fence_apc', 'class': 'storage'},
    ):
        assert not schema.is_valid(wrong), wrong
