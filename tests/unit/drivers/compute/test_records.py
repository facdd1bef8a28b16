"""Fields that are not simply copied."""

from __future__ import annotations

import math
from typing import Any

import pytest

from drivers.compute import records

SERVER: dict[str, Any] = {
    'id': 'i',
    'name': 'web',
    'OS-EXT-SRV-ATTR:host': None,
    'OS-EXT-STS:vm_state': 'building',
    'OS-EXT-STS:task_state': 'scheduling',
    'OS-EXT-STS:power_state': 0,
    'OS-EXT-AZ:availability_zone': '',
    'locked': False,
    'metadata': {},
    'tenant_id': 'p',
    'image': {'id': 'tiny'},
    'flavor': {'vcpus': 2, 'ram': 512, 'disk': 10, 'ephemeral': 5, 'swap': 0},
}


def test_times_are_utc_said_or_not() -> None:
    assert records.seconds('1970-01-01T00:01:00.000000') == 60.0
    assert records.seconds('1970-01-01T00:01:00Z') == 60.0
    assert records.seconds('1970-01-01T01:01:00+01:00') == 60.0
    assert records.seconds(None) is None


def test_a_time_as_a_filter_is_rounded_down() -> None:
    assert records.text(60.9) == '1970-01-01T00:01:00Z'


def test_an_instance_that_has_no_host_yet() -> None:
    found = records.instance(SERVER)
    assert (found.host, found.zone, found.task_state) == (None, None, 'scheduling')


@pytest.mark.parametrize(
    ('flavor', 'beside'),
    [({'ephemeral': 0, 'swap': 0}, False), ({'ephemeral': 5}, True), ({'swap': 512}, True)],
)
def test_disk_beside_the_root_is_seen(flavor: dict[str, int], beside: bool) -> None:
    plain = {**SERVER['flavor'], 'ephemeral': 0, 'swap': 0}
    found = records.instance({**SERVER, 'flavor': {**plain, **flavor}})
    assert found.ephemeral_disk is beside
    assert found.disk_gb == 10 + flavor.get('ephemeral', 0)


def test_an_instance_without_image_boots_from_volume() -> None:
    assert records.instance({**SERVER, 'image': ''}).boot_from_volume
    assert not records.instance(SERVER).boot_from_volume


def test_a_field_that_policy_hides_is_missed() -> None:
    hidden = {key: value for key, value in SERVER.items() if key != 'OS-EXT-SRV-ATTR:host'}
    with pytest.raises(KeyError):
        records.instance(hidden)


def test_a_service_of_a_hung_cell_is_a_name() -> None:
    found = records.service({'binary': 'nova-compute', 'host': 'a', 'status': 'UNKNOWN'})
    assert (found.host, found.state, found.updated_at) == ('a', 'unknown', None)


def test_a_host_without_disk_of_its_own_is_not_short_of_it() -> None:
    summary = {
        'resources': {
            'PCPU': {'capacity': 8, 'used': 2},
            'MEMORY_MB': {'capacity': 100, 'used': 130},
        },
        'traits': [],
    }
    found = records.capacity('a', 'p', summary)
    assert (found.free_vcpus, found.free_ram_mb) == (6, -30)
    assert found.free_disk_gb == math.inf


def test_what_exclusion_rules_look_at() -> None:
    specs = {'hw:cpu_policy': 'dedicated'}
    flavor = {**SERVER['flavor'], 'original_name': 'big', 'extra_specs': specs}
    found = records.instance({**SERVER, 'flavor': flavor, 'tags': ['batch']})
    assert (found.flavor, dict(found.flavor_specs)) == ('big', specs)
    assert (found.tags, found.image, found.project) == (frozenset({'batch'}), 'tiny', 'p')
    assert records.instance({**SERVER, 'image': ''}).image is None
