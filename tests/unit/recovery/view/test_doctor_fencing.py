"""Where a fence path hangs on a single thing, and what would be right."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from drivers.contracts.fencing import FenceDevice, FenceLevel, FencePath, FencingDriver
from recovery.view.doctor_fencing import weaknesses
from recovery.view.finding import Level

NONE = cast(FencingDriver, None)  # nothing is asked here


def device(name: str, *feeds: str, network: str = '') -> FenceDevice:
    return FenceDevice(name, NONE, f'sim://{name}', feeds=feeds, network=network)


def path(
    *levels: tuple[FenceDevice, ...],
    host: str = 'compute-02',
    feeds: tuple[str, ...] = (),
    network: str = '',
) -> FencePath:
    made = tuple(FenceLevel(number, devices) for number, devices in enumerate(levels, 1))
    return FencePath(host, made, feeds, network)


def said(*paths: FencePath, management: str = '') -> list[str]:
    found = weaknesses(paths, management)
    return [f'{one.finding} -> {one.todo}' for one in found if one.level is Level.WARN]


BMC, PDU = device('bmc'), device('pdu')


@pytest.mark.parametrize('level', [(BMC,), (BMC, PDU)])
def test_one_level_and_no_other(level: tuple[FenceDevice, ...]) -> None:
    (found,) = said(path(level))
    assert found.startswith('one level, and no second one, fences compute-02 -> when a device of ')
    assert 'add a level, such as' in found


def test_two_levels_of_which_nothing_is_declared() -> None:
    assert said(path((BMC,), (PDU,))) == []


def test_a_human_is_no_second_level() -> None:
    human = replace(device('human'), by_hand=True)
    (found,) = said(path((BMC,), (human,)))
    assert found.startswith('one level, and no second one, fences compute-02 -> ')
    assert said(path((BMC,), (PDU,), (human,))) == []
    (found,) = said(path((human,)))
    assert found.startswith('nothing but a human can fence compute-02 -> name a device')


def test_a_proof_that_is_watched_by_a_record() -> None:
    """Ironic says what a conductor saw up to a minute ago."""
    ironic = replace(device('ironic'), from_record=True)
    (found,) = said(path((ironic,), (PDU,)))
    assert found.startswith('level 1 of compute-02 reads a record, and no device')
    assert 'sync_power_state_interval' in found
    assert said(path((BMC,), (ironic,))) == []
    assert said(path((ironic, PDU), (BMC,))) == []  # the outlet shows it at once


@pytest.mark.parametrize(
    ('addresses', 'one'),
    [
        ([['192.0.2.7:623'], ['https://192.0.2.7:443 Bay7']], True),
        ([['[2001:db8::7]:623'], ['https://[2001:db8::7]:443']], True),
        ([['192.0.2.7:623'], ['https://192.0.2.8:443']], False),
        ([['pdu-1 3', 'pdu-2 3'], ['pdu-1 4']], True),
        ([['pdu-1 3', 'pdu-2 3'], ['bmc-1:623']], False),
        ([['pdu-1 3', 'pdu-1 4'], ['ilo-7']], False),
    ],
)
def test_levels_that_go_through_one_controller(addresses: list[list[str]], one: bool) -> None:
    levels = [
        tuple(replace(device(f'{at}'), address=each) for at, each in enumerate(level))
        for level in addresses
    ]
    found = said(path(*levels))
    assert [line.startswith('every level of compute-02 goes through one') for line in found] == (
        [True] if one else []
    )


def test_a_bmc_that_dies_with_the_feed_of_its_host() -> None:
    (found,) = said(path((device('bmc', 'A'),), (device('ilo', 'A'),), feeds=('A',)))
    assert found == (
        'feed A keeps these alive and all that fences them; when it fails nobody can prove that '
        'they are off: compute-02 -> give one level devices that live without feed A, or expect '
        'recovery confirm-fenced'
    )


@pytest.mark.parametrize(
    ('levels', 'lost'),
    [
        (((device('bmc', 'A'),), (device('pdu', 'B'),)), []),  # another feed
        (((device('bmc', 'A'),), (device('pdu'),)), []),  # nothing is known against it
        (((device('bmc', 'A', 'B'),),), []),  # either feed keeps it alive
        (((device('left', 'A'), device('right', 'B')),), ['A', 'B']),  # one of two is not enough
        (((device('left', 'A'), device('right', 'B')), (device('bmc', 'A', 'B'),)), []),
        (((device('left', 'A'), device('right', 'B')), (device('bmc', 'B'),)), ['B']),
    ],
)
def test_a_feed_with_which_every_level_is_lost(
    levels: tuple[tuple[FenceDevice, ...]], lost: list[str]
) -> None:
    found = [one for one in said(path(*levels, feeds=('A', 'B'))) if 'no second one' not in one]
    assert found == [
        f'when feed {feed} fails no level works any more for compute-02 -> give one level devices '
        f'that live without feed {feed}'
        for feed in lost
    ]


def test_a_fencing_network_that_is_the_management_network() -> None:
    both = path((device('bmc', network='mgmt'),), (device('pdu', network='mgmt'),))
    (found,) = said(both, management='mgmt')
    assert 'is network mgmt, the management network; when it fails they look dead' in found
    assert 'reach the devices of one level over another network than mgmt' in found
    assert said(both, management='other') == []


def test_a_fencing_network_on_which_the_host_is_seen() -> None:
    both = path((device('bmc', network='lan'),), (device('pdu', network='lan'),), network='lan')
    assert 'the network on which they are seen to be up' in said(both, management='mgmt')[0]


@pytest.mark.parametrize('other', ['oob', ''])
def test_a_second_level_on_another_network(other: str) -> None:
    both = path((device('bmc', network='mgmt'),), (device('pdu', network=other),))
    assert said(both, management='mgmt') == []


def test_one_device_of_a_level_takes_the_level_with_it() -> None:
    outlets = (device('left', network='mgmt'), device('right', network='oob'))
    both = path(outlets, (device('bmc', network='mgmt'),))
    assert len(said(both, management='mgmt')) == 1


def test_a_thousand_hosts_are_one_line() -> None:
    paths = [path((BMC,), host=f'compute-{number:04d}') for number in range(1, 1001)]
    (found,) = said(*paths)
    assert 'compute-0001, compute-0002, compute-0003 and 997 more' in found


def test_nothing_is_wrong() -> None:
    (found,) = weaknesses([path((BMC,), (PDU,))], 'mgmt')
    assert (found.level, found.check) == (Level.OK, 'fence path')
    assert list(weaknesses([], '')) == []
