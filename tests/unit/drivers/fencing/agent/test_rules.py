from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drivers.contracts.errors import Refused
from drivers.fencing.agent.rules import unspeakable
from tests.unit.drivers.fencing.agents import ACTIONS, OPTIONS, Agent


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path)


def test_nothing_is_wrong_with_what_is_right(agent: Agent) -> None:
    right: dict[str, Any] = {
        'username': 'admin',
        'password': {'env': 'PASSWORD'},
        'secrets': {'community': {'file': 'community'}},
        'options': {'power_wait': 2, 'lanplus': True, 'password_script': '/usr/local/bin/p'},
    }
    assert agent.objections(**right) == []
    assert agent.objections(**right, blocks=False) == []


@pytest.mark.parametrize(
    ('wrong', 'sentence'),
    [
        (
            {'options': {'lan_plus': True}},
            'fence_apc knows no "lan_plus"; near it are lanplus',
        ),
        ({'options': {'method': 'cycle'}}, '"method" must be onoff'),
        ({'options': {'method': 'twice'}}, '"method" must be one of onoff, cycle'),
        ({'options': {'missing_as_off': True}}, 'an outlet that is not there would read OFF'),
        ({'options': {'delay': 5}}, '"delay" is not for the inventory: say "delay" of the device'),
        ({'options': {'ipaddr': 'x'}}, '"ipaddr" is not for the inventory: say "address"'),
        ({'options': {'debug-file': '/x'}}, '"debug_file" is not for the inventory: it writes'),
        ({'options': {'verbose': 1}}, '"verbose" is not for the inventory: it shows secrets'),
        ({'options': {'retry_on': 3}}, '"retry_on" is not for the inventory: a request is sent'),
        ({'options': {'port_as_ip': True}}, '"port_as_ip" is not for the inventory'),
        ({'secrets': {'action': 'off'}}, '"action" is not for the inventory'),
        ({'options': {'community': 'x'}}, '"community" looks like a secret'),
        ({'options': {'power_wait': 'long'}}, '"power_wait" must be a whole number'),
        ({'options': {'lanplus': 'maybe'}}, '"lanplus" must be true or false'),
        ({'plug': '3,4'}, '"plug" names several outlets'),
        ({'password': 'two\nlines'}, '"password" must have no line end'),
        ({'password': ' blank'}, '"password" must not begin or end with a blank'),
    ],
)
def test_each_wrong_thing_is_named(agent: Agent, wrong: dict[str, Any], sentence: str) -> None:
    found = agent.objections(**wrong)
    assert sentence in ' | '.join(found)
    assert 'two' not in ' '.join(found).replace('twice', '')


def test_what_the_agent_needs_must_be_there(agent: Agent) -> None:
    assert agent.objections(plug=None) == ['fence_apc needs "plug"']
    agent.describe(OPTIONS.replace('"ipport" required="0"', '"ipport" required="1"'))
    agent.does('exit 0')
    assert agent.objections() == ['fence_apc needs "port"']


@pytest.mark.parametrize(
    ('actions', 'sentence'),
    [
        (ACTIONS.replace('<action name="status"/>', ''), 'has no status'),
        (ACTIONS.replace('<action name="off"/>', ''), 'has no off'),
        (ACTIONS.replace('automatic="0"', 'automatic="1"'), 'something else than power'),
        (ACTIONS.replace('automatic="0"', 'on_target="1"'), 'something else than power'),
    ],
)
def test_an_agent_must_be_able_to_fence(agent: Agent, actions: str, sentence: str) -> None:
    agent.describe(actions=actions)
    assert sentence in agent.objections()[0]


def test_an_agent_that_takes_what_is_missing_for_off_is_refused(agent: Agent) -> None:
    part = '<parameter name="missing_as_off" required="0"><content type="boolean"'
    agent.describe(OPTIONS.replace(part, f'{part} default="1"'))
    assert agent.objections() == ['fence_apc reads OFF for an outlet that is not there']


def test_a_plug_that_is_only_another_address_is_refused(agent: Agent) -> None:
    """Two hosts with one address and two such plugs would be one machine (H4)."""
    agent.describe(OPTIONS.replace('--plug=[id]', '--plug=[ip]').replace(
        '"plug" required="1"', '"plug" required="0"'
    ))  # fmt: skip
    assert agent.objections() == ['fence_apc has one machine for each address: leave "plug" out']
    assert agent.objections(plug=None) == []


@pytest.mark.parametrize(
    ('name', 'word'),
    [
        ('fence_scsi', 'cuts off the disks'),
        ('fence_mpath', 'cuts off the disks'),
        ('fence_sbd', 'message on a disk'),
        ('fence_ifmib', 'ports of a network'),
        ('fence_heuristics_ping', 'pings'),
        ('fence_kdump', 'crash dump'),
        ('fence_compute', 'evacuates by itself'),
        ('fence_evacuate', 'evacuates by itself'),
        ('fence_ack_manual', 'the driver "manual"'),
        ('fence_ironic', 'the driver "ironic"'),
    ],
)
def test_agents_whose_off_is_not_power_are_refused_whatever_is_said(
    tmp_path: Path, name: str, word: str
) -> None:
    agent = Agent(tmp_path, name)
    stated: dict[str, Any] = {'class': 'power', 'reason': 'I know better'}
    assert word in agent.objections(**stated, lab=True)[0]
    for method in ('power_state', 'power_off', 'power_on'):
        with pytest.raises(Refused):
            getattr(agent.driver(**stated), method)(timeout=10.0)
    assert agent.read('asked') == []  # not even started: some wait for a human, or for a packet


@pytest.mark.parametrize('name', ['fence_nobody_knows', 'fence_apc_snmp', 'fence_virsh'])
def test_an_agent_that_is_not_known_to_prove_anything_needs_a_reason(
    tmp_path: Path, name: str
) -> None:
    agent = Agent(tmp_path, name)
    assert 'say "class: power" and a "reason"' in agent.objections()[0]
    for half in ({'class': 'power'}, {'class': 'power', 'reason': ' '}, {'reason': 'x'}):
        settings: dict[str, Any] = {**half}
        assert agent.objections(**settings) != []
    stated: dict[str, Any] = {'class': 'power', 'reason': 'tried on ours'}
    assert agent.objections(**stated) == []
    assert 'because: tried on ours' in agent.objections(**stated, blocks=False)[0]


def test_pretending_is_for_labs(tmp_path: Path) -> None:
    agent = Agent(tmp_path, 'fence_dummy')
    assert 'allow_noop' in agent.objections()[0]
    assert agent.objections(lab=True) == []
    assert 'is for labs' in agent.objections(lab=True, blocks=False)[0]


@pytest.mark.parametrize('name', ['fence_ipmilan', 'fence_idrac', 'fence_apc_snmp'])
def test_an_agent_that_shows_secrets_is_refused_unless_that_is_accepted(
    tmp_path: Path, name: str
) -> None:
    agent = Agent(tmp_path, name)
    known: dict[str, Any] = {'class': 'power', 'reason': 'x', 'password': {'env': 'PASSWORD'}}
    shown = 'shows its secrets to every user of this machine'
    assert [one for one in agent.objections(**known) if shown in one]
    known['secrets_in_argv'] = 'accepted'
    assert not [one for one in agent.objections(**known) if shown in one]
    assert [one for one in agent.objections(**known, blocks=False) if shown in one]
    del known['password']
    assert not [one for one in agent.objections(**known, blocks=False) if shown in one]


def test_ipmitool_is_advised(tmp_path: Path) -> None:
    agent = Agent(tmp_path, 'fence_ipmilan')
    agent.describe(OPTIONS.replace('"boolean" default="1"', '"boolean" default="0"'))
    warned = ' '.join(agent.objections(blocks=False))
    assert 'lanplus' in warned
    assert 'cipher' in warned


def test_redfish_must_say_which_system(tmp_path: Path) -> None:
    agent = Agent(tmp_path, 'fence_redfish')
    agent.describe(
        OPTIONS.replace('--plug=[id]', '--plug=[ip]').replace(
            '"plug" required="1"', '"plug" required="0"'
        )
        + '<parameter name="systems-uri"><content type="string"/></parameter>'
    )
    assert 'takes the machine that it finds first' in agent.objections(plug=None)[0]
    assert agent.objections(plug='/redfish/v1/Systems/1') == []
    agent.does('exit 0')
    agent.driver(plug='/redfish/v1/Systems/1').power_on(timeout=10.0)
    assert agent.told()['systems_uri'] == '/redfish/v1/Systems/1'
    assert 'plug' not in agent.told()
    named = agent.objections(plug=None, options={'systems_uri': '/x'})
    assert '"systems_uri" is not for the inventory: say "plug"' in named


def test_passwords_to_whoever_answers_are_a_warning(agent: Agent) -> None:
    assert agent.objections(options={'ssl_insecure': True}) == []
    warned = agent.objections(options={'ssl_insecure': True}, blocks=False)
    assert 'whoever answers' in warned[0]


@pytest.mark.parametrize('text', ['a=b', '#1', 'a"b', '"', 'ä ö', '{x}', '$(x)'])
def test_what_agents_read_as_it_is(text: str) -> None:
    assert unspeakable(text) is None


@pytest.mark.parametrize('text', ['a\nb', 'a\rb', '\ta', 'a ', '"a"', '\x00', 'a\x7f'])
def test_what_agents_would_read_otherwise(text: str) -> None:
    assert unspeakable(text)
