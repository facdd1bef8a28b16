"""A list counts only if nothing contradicts it (H2)."""

from __future__ import annotations

from typing import cast

import pytest

from drivers.contracts.compute import ComputeDriver
from drivers.contracts.errors import Unreachable
from flows.evacuation.listing import Listing, Untrusted, checked
from tests.unit.flows.evacuation.cloud import Cloud
from tests.unit.flows.made import SOURCE, VM, instance, migration, service


def listed(cloud: Cloud, known: frozenset[str] = frozenset(), *, images: bool = False) -> Listing:
    nova = cast(ComputeDriver, cloud)
    return checked(nova, SOURCE, known=known, timeout=5.0, images=images)


def test_believed() -> None:
    cloud = Cloud()
    cloud.consumers_ = frozenset({VM})
    assert [one.id for one in listed(cloud).instances] == [VM]
    assert cloud.count('services') == 2


@pytest.mark.parametrize(
    ('shown', 'found'),
    [({VM: {'os_distro': 'lab'}}, {'os_distro': 'lab'}), ({}, {}), (None, {})],
    ids=['shown', 'made meanwhile', 'Nova is too old'],
)
def test_properties_of_images_come_with_the_list(
    shown: dict[str, dict[str, str]] | None, found: dict[str, str]
) -> None:
    cloud = Cloud()
    cloud.images = shown
    assert [one.image_properties for one in listed(cloud, images=True).instances] == [found]


def test_nobody_asks_for_images_in_vain() -> None:
    cloud = Cloud()
    listed(cloud)
    assert cloud.count('images') == 0


def test_an_empty_list_with_consumers_is_an_error() -> None:
    cloud = Cloud()
    cloud.instances_, cloud.consumers_ = (), frozenset({VM})
    with pytest.raises(Untrusted, match=VM):
        listed(cloud)


def test_an_empty_list_without_consumers_is_empty() -> None:
    cloud = Cloud()
    cloud.instances_ = ()
    assert listed(cloud).instances == ()


def test_an_empty_list_is_explained_by_instances_on_other_hosts() -> None:
    # Two hosts fail; an evacuation from the first to the second never ended: the allocation stays.
    cloud = Cloud()
    cloud.instances_, cloud.consumers_ = (), frozenset({VM})
    cloud.elsewhere = (instance(host='compute-09'),)
    assert listed(cloud).instances == ()
    cloud.elsewhere = (instance(host=None),)  # so it looks while its cell does not answer
    with pytest.raises(Untrusted, match=VM):
        listed(cloud)


def test_what_is_accounted_for_is_not_missing() -> None:
    cloud = Cloud()
    cloud.instances_, cloud.consumers_ = (), frozenset({VM, 'm-7', 'vm-9'})
    cloud.migrations_ = (migration(instance='vm-9'),)
    assert listed(cloud, known=frozenset({VM})).instances == ()


@pytest.mark.parametrize('before', [True, False])
def test_a_cell_that_hangs_before_or_after(before: bool) -> None:
    cloud = Cloud()
    fine, hangs = (service(),), (service(state='unknown'),)
    cloud.services_ = [hangs, fine] if before else [fine, hangs]
    with pytest.raises(Untrusted, match='cell'):
        listed(cloud)


def test_a_service_that_is_not_listed() -> None:
    cloud = Cloud()
    cloud.services_ = [(service('compute-09'),)]
    with pytest.raises(Untrusted, match='no nova-compute service'):
        listed(cloud)


@pytest.mark.parametrize('number', [0, 2])
def test_other_than_one_hypervisor(number: int) -> None:
    cloud = Cloud()
    cloud.hypervisors_ = cloud.hypervisors_ * number  # type: ignore[assignment]
    with pytest.raises(Unreachable, match=f'{number} hypervisors'):
        listed(cloud)
