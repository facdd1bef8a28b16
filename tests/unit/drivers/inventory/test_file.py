from __future__ import annotations

from pathlib import Path

import pytest

from drivers.contracts.inventory import InventoryError
from drivers.fencing.ipmi import IpmiFencing
from drivers.fencing.redfish import RedfishFencing
from drivers.inventory.file import FileInventory
from drivers.inventory.file.entries import Drivers
from tests.unit.drivers.inventory.inventories import DRIVERS, TWO_LEVELS, Make, Pdu, messages

SAMPLE = Path(__file__).resolve().parents[4] / 'etc' / 'recovery' / 'fencing.yaml.sample'


def test_levels_devices_and_time_outs(make: Make) -> None:
    path = make(TWO_LEVELS).path('one')
    assert [level.number for level in path.levels] == [1, 2]
    bmc = path.level(1).devices[0]
    assert (bmc.name, bmc.address, bmc.off_timeout, bmc.request_timeout) == (
        'ipmi',
        '192.0.2.1:623',
        90,
        15,
    )
    left, right = path.level(2).devices
    assert (left.name, left.address, left.request_timeout) == ('left', 'pdu-1.example.com 3', 15)
    assert (right.name, right.request_timeout) == ('right', 5)
    assert isinstance(left.driver, Pdu)
    assert left.driver.settings == {'address': 'PDU-1.example.com.', 'plug': 3}


def test_a_pattern_is_expanded_and_a_name_comes_first(make: Make) -> None:
    inventory = make(TWO_LEVELS)
    device = inventory.path('rack1-07').level(1).devices[0]
    assert (device.address, device.off_timeout) == ('bmc-rack1-07:623', 30)
    assert inventory.named_hosts() == ('one',)
    with pytest.raises(KeyError):
        inventory.path('two')
    assert 'no device can fence two' in messages(inventory, 'two')[0]


def test_an_empty_file_is_an_inventory_of_nothing(make: Make) -> None:
    assert make('').named_hosts() == ()


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('hosts: {a: [[{driver: ipmi', ':1: is not YAML: '),
        ('hosts: []', ':1: "hosts" must be of type object: a mapping from host names to levels'),
        ('host: {}', ':1: "host" is not known here; known are "defaults", "hosts", "patterns"'),
        ('hosts:\n  a: []', ':2: "a" must not be empty: a list of levels, tried in this order'),
        ('hosts:\n  a:\n  - []', ':3: "0" must not be empty'),
        ('hosts:\n  a: [[{address: x}]]', ':2: "driver" is missing'),
        (
            'hosts:\n  a: [[{driver: ipmii}]]',
            ':2: no driver is called "ipmii"; there are fence-agent, ipmi, ipmi-rmcpplus, pdu',
        ),
        ('hosts:\n  a: []\n  b: []\n  a: []', ':4: "a" is here for the second time'),
        ('hosts:\n  a: [[{driver: pdu,\n  address: x}]]', ':2: "plug" is missing'),
        (
            'hosts:\n  a: [[{driver: pdu, address: x,\n  plug: 1, off_timeout: 0}]]',
            ':3: "off_timeout" must be more than 0: seconds from the first request',
        ),
        (
            'hosts:\n  a: [[{driver: pdu, address: x, plug: 1, community: too-long-hidden}]]',
            ':2: "community" must have at most 8 characters',
        ),
        (
            'defaults:\n  pdu: {community: too-long-hidden}\n'
            'hosts:\n  a: [[{driver: pdu, address: x, plug: 1}]]',
            ':2: "community" must have at most 8 characters',
        ),
        (
            'hosts:\n  a: [[{driver: pdu, address: x, plug: 1, community: {environment: HIDDEN}}]]',
            ':2: "environment" is not known here; known are "env", "file"',
        ),
        (
            'hosts:\n  a:\n  - - {driver: pdu, address: x, plug: 1}\n'
            '    - {driver: pdu, address: x, plug: 2}',
            ':4: a second device "pdu"; give it a "name"',
        ),
        (
            'patterns:\n- match: a*\n  levels:\n  - - {driver: pdu, address: x, plug: 1}',
            ':4: every host that matches would be fenced through this one device; put {host}',
        ),
        ('hosts: &a\n  b: *a', 'an alias here contains itself'),
        ('hosts:\n  ? [a]\n  : []', 'a key must be a plain word'),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(make: Make, text: str, said: str) -> None:
    with pytest.raises(InventoryError) as caught:
        make(text)
    assert said in str(caught.value)
    assert str(caught.value).partition(':')[0].endswith('fencing.yaml')
    assert 'hidden' not in str(caught.value)


def test_every_problem_of_the_file_is_said_at_once(make: Make) -> None:
    with pytest.raises(InventoryError) as caught:
        make('hosts:\n  a: [[{driver: pdu, plug: 1}]]\n  b: [[{driver: pdu, address: x}]]')
    assert len(str(caught.value).splitlines()) == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match=r'nowhere\.yaml: cannot be read: No such file'):
        FileInventory(tmp_path / 'nowhere.yaml', DRIVERS)


def test_the_sample_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped: Drivers = {'ipmi': IpmiFencing, 'redfish': RedfishFencing}
    copy = tmp_path / 'fencing.yaml'
    copy.write_text(SAMPLE.read_text())
    (tmp_path / 'redfish.password').write_text('secret\n')
    monkeypatch.setenv('RECOVERY_IPMI_PASSWORD', 'secret')
    inventory = FileInventory(copy, shipped)
    hosts = (*inventory.named_hosts(), 'gpu-1')
    assert messages(inventory, *hosts) == []
    assert inventory.path('gpu-1').level(1).devices[0].off_timeout == 120
    assert len(inventory.path('compute-01.example.com').levels) == 2


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / 'fencing.yaml'
    file.write_text('hosts: {}\n')
    inventory = FileInventory(file, {})
    assert not inventory.outdated()
    file.write_text('hosts: {}\npatterns: []\n')
    assert inventory.outdated()
