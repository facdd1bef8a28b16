"""Levels with numbers, what each device asks for, and what it shares with its host."""

from __future__ import annotations

from dataclasses import fields

import pytest

from drivers.contracts.fencing import FenceDevice, PowerOn
from drivers.contracts.inventory import InventoryError
from drivers.inventory.file import schema
from tests.unit.drivers.inventory.inventories import Make

NUMBERED = """
    management_network: mgmt
    every_host: {feeds: [A, B], network: mgmt}
    defaults:
      pdu: {power_on: never, off_wait: 4}
    hosts:
      one:
        levels:
          9:
            - {name: left, driver: pdu, address: pdu-1, plug: 3, feeds: [A], network: oob}
            - {name: right, driver: pdu, address: pdu-2, plug: 3, off_wait: 0, power_on: auto}
          2:
            - {driver: pdu, address: bmc-1, plug: 1, delay: 5, attempts: 3}
        feeds: [C]
      two: [[{driver: pdu, address: bmc-2, plug: 1}]]
    patterns:
      - match: '*'
        network: other
        levels: {4: [{driver: pdu, address: 'bmc-{host}', plug: 1}]}
    """


def test_numbers_are_kept_and_tried_in_ascending_order(make: Make) -> None:
    path = make(NUMBERED).path('one')
    assert [level.number for level in path.levels] == [2, 9]
    assert [device.name for device in path.level(9).devices] == ['left', 'right']
    assert [level.number for level in make(NUMBERED).path('three').levels] == [4]


def test_what_a_device_asks_for(make: Make) -> None:
    path = make(NUMBERED).path('one')
    bmc = path.level(2).devices[0]
    assert (bmc.kind, bmc.delay, bmc.attempts, bmc.off_wait) == ('pdu', 5, 3, 4)
    assert bmc.power_on is PowerOn.NEVER
    left, right = path.level(9).devices
    assert (left.feeds, left.network, left.power_on) == (('A',), 'oob', PowerOn.NEVER)
    assert (right.feeds, right.network, right.power_on) == ((), '', PowerOn.AUTO)
    assert right.off_wait == 0


def test_what_nobody_asked_for_is_as_it_was(make: Make) -> None:
    device = make('hosts: {a: [[{driver: pdu, address: x, plug: 1}]]}').path('a').devices[0]
    assert (device.delay, device.attempts, device.off_wait) == (0, 1, 0)
    assert (device.off_timeout, device.request_timeout) == (60, 15)
    assert device.power_on is PowerOn.AUTO


def test_what_a_host_depends_on(make: Make) -> None:
    inventory = make(NUMBERED)
    assert inventory.management_network() == 'mgmt'
    seen = {name: inventory.path(name) for name in ('one', 'two', 'three')}
    assert {name: (path.feeds, path.network) for name, path in seen.items()} == {
        'one': (('C',), 'mgmt'),
        'two': (('A', 'B'), 'mgmt'),
        'three': (('A', 'B'), 'other'),
    }
    assert make('').management_network() == ''


def test_every_common_setting_is_a_field_of_a_device() -> None:
    known = {field.name for field in fields(FenceDevice)}
    assert set(schema.DEVICE) - {'driver'} <= known


DEVICE = '{driver: pdu, address: x, plug: 1%s}'
TEN = ', '.join(f'[{{driver: pdu, address: x, plug: {number}}}]' for number in range(10))


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        (f'hosts: {{a: [{TEN}]}}', '"a" must have at most 9 entries: a list of levels'),
        (
            'hosts:\n  a:\n    levels:\n      10: []',
            ':3: "10" is no level: levels have the numbers 1 to 9',
        ),
        ('hosts: {a: {levels: {0: []}}}', '"0" is no level: levels have the numbers 1 to 9'),
        ('hosts: {a: {levels: {1: []}}}', '"1" must not be empty: a list of devices'),
        ('hosts: {a: {levels: {}}}', '"levels" must not be empty: a mapping from numbers'),
        ('hosts: {a: {levels: 3}}', '"levels" must be of type array: a list of levels'),
        ('hosts: {a: {feeds: [A]}}', '"levels" is missing'),
        ('hosts: {a: {1: []}}', '"1" is not known here; known are "levels", "feeds", "network"'),
        ('hosts: {a: 3}', '"a" must be of type array: a list of levels'),
        ('every_host: {feed: A}', '"feed" is not known here; known are "feeds", "network"'),
        ('every_host: {feeds: A}', '"feeds" must be of type array: a list of power feeds'),
        ('management_network: 7', '"management_network" must be of type string'),
        (f'hosts: {{a: [[{DEVICE % ", delay: -1"}]]}}', '"delay" must be at least 0: seconds'),
        (f'hosts: {{a: [[{DEVICE % ", delay: 301"}]]}}', '"delay" must be at most 300: seconds'),
        (f'hosts: {{a: [[{DEVICE % ", attempts: 0"}]]}}', '"attempts" must be at least 1'),
        (f'hosts: {{a: [[{DEVICE % ", attempts: 1.5"}]]}}', '"attempts" must be of type integer'),
        (f'hosts: {{a: [[{DEVICE % ", attempts: 11"}]]}}', '"attempts" must be at most 10'),
        (f'hosts: {{a: [[{DEVICE % ", off_wait: 400"}]]}}', '"off_wait" must be at most 300'),
        (
            f'hosts: {{a: [[{DEVICE % ", power_on: on"}]]}}',
            '"power_on" must be one of "auto", "never": whether we may switch the host on',
        ),
        (f'hosts: {{a: [[{DEVICE % ", feeds: A"}]]}}', '"feeds" must be of type array'),
        (f'hosts: {{a: [[{DEVICE % ", network: []"}]]}}', '"network" must be of type string'),
        (
            f'defaults: {{pdu: {{power_on: often}}}}\nhosts: {{a: [[{DEVICE % ""}]]}}',
            ':1: "power_on" must be one of',
        ),
    ],
)
def test_what_is_wrong_is_said(make: Make, text: str, said: str) -> None:
    with pytest.raises(InventoryError) as caught:
        make(text)
    assert said in str(caught.value)


def test_two_hosts_with_one_device_are_found_at_any_level(make: Make) -> None:
    inventory = make(
        """
        hosts:
          one: {levels: {3: [{driver: pdu, address: x, plug: 1}]}}
          two: [[{driver: pdu, address: x, plug: 1}]]
        """
    )
    assert 'would both be fenced through pdu x 1' in inventory.problems(['one'])[0].message
