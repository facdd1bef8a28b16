from __future__ import annotations

import pytest

from tests.unit.drivers.inventory.inventories import TWO_LEVELS, Make, messages


@pytest.mark.parametrize(
    ('first', 'second', 'said'),
    [
        (
            '{driver: ipmi, address: 192.0.2.1}',
            '{driver: ipmi, address: 192.0.2.1, port: 623}',
            True,
        ),
        (
            '{driver: ipmi, address: 192.0.2.1}',
            '{driver: ipmi, address: 192.0.2.1, port: 6230}',
            False,
        ),
        (
            '{driver: ipmi, address: BMC.example.com}',
            '{driver: ipmi, address: bmc.example.com.}',
            True,
        ),
        (
            '{driver: ipmi, address: bmc.one.example}',
            '{driver: ipmi, address: bmc.two.example}',
            False,
        ),
        (
            '{driver: ipmi, address: "2001:DB8:0::1"}',
            '{driver: ipmi, address: "2001:db8::1"}',
            True,
        ),
        (
            '{driver: ipmi, address: 192.0.2.1}',
            '{driver: ipmi-rmcpplus, address: 192.0.2.1}',
            True,
        ),
        (
            '{driver: ipmi-rmcpplus, address: 192.0.2.1}',
            '{driver: redfish, address: "https://192.0.2.1"}',
            False,
        ),
        ('{driver: pdu, address: p, plug: 1}', '{driver: pdu, address: p, plug: "1"}', True),
        ('{driver: pdu, address: p, plug: 1}', '{driver: pdu, address: p, plug: 2}', False),
        (
            '{driver: redfish, address: "https://e", system: Bay1}',
            '{driver: redfish, address: "https://E:443/", system: /redfish/v1/Systems/Bay1}',
            True,
        ),
        (
            '{driver: redfish, address: "https://e", system: Bay1}',
            '{driver: redfish, address: "https://e"}',
            True,
        ),
        (
            '{driver: redfish, address: "https://e", system: Bay1}',
            '{driver: redfish, address: "https://e", system: Bay2}',
            False,
        ),
    ],
)
def test_a_device_belongs_to_one_host(make: Make, first: str, second: str, said: bool) -> None:
    login = '{username: admin, password: secret}'
    inventory = make(
        f'defaults: {{ipmi: {login}, ipmi-rmcpplus: {login}, redfish: {login}}}\n'
        f'hosts:\n  a: [[{first}]]\n  b: [[{second}]]\n'
        '  c: [[{driver: pdu, address: q, plug: 9}]]'
    )
    for hosts in (['a'], ['b'], ['a', 'b', 'c']):
        found = messages(inventory, *hosts)
        assert [text.startswith('a and b would both be fenced through') for text in found] == (
            [True] if said else []
        )
    assert messages(inventory, 'c') == []


def test_three_are_all_named(make: Make) -> None:
    device = '[[{driver: pdu, address: p, plug: 1}]]'
    (found,) = messages(make(f'hosts: {{a: {device}, b: {device}, c: {device}}}'), 'a')
    assert found.startswith('a, b, c would all be fenced through pdu p 1;')


def test_a_thousand_hosts_behind_one_address_are_one_problem(make: Make) -> None:
    device = '[[{driver: pdu, address: p, plug: 1}]]'
    inventory = make('hosts:\n' + '\n'.join(f'  h{number:03}: {device}' for number in range(1000)))
    (found,) = inventory.problems([f'h{number:03}' for number in range(1000)])
    assert found.message.startswith('h000, h001, h002 and 997 more would all be fenced through')
    assert (len(found.hosts), found.where) == (1000, 'h000')


@pytest.mark.parametrize(
    ('agent', 'other', 'said'),
    [
        ('fence_ipmilan, address: 192.0.2.1', '{driver: ipmi, address: 192.0.2.1}', True),
        ('fence_ipmilan, address: 192.0.2.1', '{driver: ipmi, address: 192.0.2.2}', False),
        ('fence_ipmilan, address: BMC.example.', '{driver: ipmi, address: bmc.example}', True),
        ('fence_ipmilan, address: bmc, port: 623', '{driver: ipmi-rmcpplus, address: bmc}', True),
        ('fence_ipmilan, address: bmc, port: 624', '{driver: ipmi, address: bmc}', False),
        ('fence_ipmilan, address: "2001:DB8::1"', '{driver: ipmi, address: "2001:db8:0::1"}', True),
        (
            'fence_redfish, address: 192.0.2.1, plug: Bay1',
            '{driver: redfish, address: "https://192.0.2.1/", system: /redfish/v1/Systems/Bay1}',
            True,
        ),
        (
            'fence_redfish, address: 192.0.2.1, plug: Bay1',
            '{driver: redfish, address: "https://192.0.2.1", system: Bay2}',
            False,
        ),
        (
            'fence_redfish, address: e',
            '{driver: redfish, address: "https://e", system: Bay2}',
            True,
        ),
        ('fence_apc, address: p, plug: 1', '{driver: pdu, address: p, plug: "1"}', True),
        ('fence_apc, address: p, plug: 1', '{driver: pdu, address: p, plug: 2}', False),
        # One port of an agent that is named, and one that is left to the agent.
        (
            'fence_a, address: e',
            '{name: x, driver: fence-agent, agent: fence_b, address: e, port: 9}',
            True,
        ),
    ],
)
def test_a_device_belongs_to_one_host_whatever_it_is_asked_by(
    make: Make, agent: str, other: str, said: bool
) -> None:
    login = '{username: admin, password: secret}'
    first = f'{{driver: fence-agent, agent: {agent}}}'
    defaults = f'defaults: {{ipmi: {login}, ipmi-rmcpplus: {login}, redfish: {login}}}\n'
    for one, two in ((first, other), (other, first)):
        found = messages(make(f'{defaults}hosts: {{a: [[{one}]], b: [[{two}]]}}'), 'a', 'b')
        texts = [text for text in found if 'would both be fenced through' in text]
        assert len(texts) == (1 if said else 0), found
    both = messages(make(f'{defaults}hosts: {{a: [[{first}], [{other}]]}}'), 'a')
    assert not [text for text in both if 'would both' in text]  # a second way to ask the same


def test_one_host_may_ask_a_device_through_two_drivers(make: Make) -> None:
    login = 'address: 192.0.2.1, username: admin, password: secret'
    first, second = (f'[{{driver: {name}, {login}}}]' for name in ('ipmi', 'ipmi-rmcpplus'))
    assert messages(make(f'hosts: {{a: [{first}, {second}]}}'), 'a') == []
    assert len(messages(make(f'hosts: {{a: [{first}], b: [{second}]}}'), 'a')) == 1


def test_one_host_may_not_list_a_device_twice(make: Make) -> None:
    inventory = make(
        """
        hosts:
          a:
            - - {name: left, driver: pdu, address: p, plug: 1}
              - {name: right, driver: pdu, address: p, plug: 1}
        """
    )
    assert 'a lists pdu p 1 twice' in messages(inventory, 'a')[0]


@pytest.mark.parametrize(
    'named',
    ['{driver: ipmi, address: bmc-one}', '{driver: ipmi, address: bmc-one.other.example}'],
)
def test_a_renamed_host_must_not_fence_its_successor(make: Make, named: str) -> None:
    inventory = make(
        f"""
        defaults: {{ipmi: {{username: admin, password: secret}}}}
        hosts: {{one: [[{named}]]}}
        patterns:
          - {{match: 'one.*', levels: [[{{driver: ipmi, address: 'bmc-{{host}}'}}]]}}
        """
    )
    found = messages(inventory, 'one', 'one.example.com')
    assert len(found) == 1
    assert 'they look like one machine under two names' in found[0]


def test_a_pattern_for_both_names_of_a_host_is_found(make: Make) -> None:
    found = messages(make(TWO_LEVELS), 'rack1-07', 'rack1-07.example.com', 'rack1-08')
    assert len(found) == 1
    assert found[0].startswith('rack1-07 and rack1-07.example.com would both be fenced')


def test_thousands_of_hosts_behind_one_address(make: Make) -> None:
    inventory = make(
        """
        patterns:
          - {match: '*', levels: [[{driver: pdu, address: p, plug: '{host}'}]]}
        """
    )
    hosts = [f'compute-{number}' for number in range(5000)]
    assert inventory.problems(hosts) == ()
    inventory = make(
        """
        patterns:
          - match: '*'
            levels:
              - [{driver: pdu, address: p, plug: '{host}'}]
              - [{driver: fence-agent, agent: fence_apc, address: p, plug: '{host}'}]
        """
    )
    assert inventory.problems(hosts[:500]) == ()
