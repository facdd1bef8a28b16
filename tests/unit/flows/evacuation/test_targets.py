"""Spreading a burst over the hosts that have room."""

from __future__ import annotations

from collections import Counter

import pytest

from drivers.contracts.compute import Capacity
from flows.evacuation.targets import Nowhere, Only, Targets

SMALL = {'vcpus': 1, 'ram_mb': 2048, 'disk_gb': 20}


def capacity(host: str, ram: int, vcpus: int = 64, disk: int = 1000) -> Capacity:
    return Capacity(host, f'p-{host}', vcpus, ram, disk)


def test_most_room_first_counted_down() -> None:
    targets = Targets([capacity('a', 10_000), capacity('b', 9000), capacity('c', 8000)], ())
    assert [targets.choose(**SMALL) for _ in range(4)] == ['a', 'b', 'c', 'a']


def test_a_burst_is_spread() -> None:
    targets = Targets([capacity(host, 100_000) for host in 'abcd'], ())
    count = Counter(targets.choose(**SMALL) for _ in range(40))
    assert set(count.values()) == {10}


def test_none_when_nothing_fits() -> None:
    targets = Targets([capacity('a', 2048), capacity('b', 9000, vcpus=0)], ())
    assert targets.choose(**SMALL) == 'a'
    assert targets.choose(**SMALL) is None


def test_disk_counts() -> None:
    targets = Targets([capacity('a', 9000, disk=10)], ())
    assert targets.choose(**SMALL) is None
    assert targets.choose(**(SMALL | {'disk_gb': 0})) == 'a'


def test_excluded_and_dropped_hosts_are_never_named() -> None:
    targets = Targets([capacity('a', 9000), capacity('b', 8000), capacity('c', 7000)], {'a'})
    targets.drop('b')
    targets.drop('unknown')
    assert targets.choose(**SMALL) == 'c'


def test_without_capacities_the_scheduler_chooses() -> None:
    assert Targets((), ()).choose(**SMALL) is None


def test_one_host_and_no_other() -> None:
    only = Only('a', [capacity('a', 4096), capacity('b', 90_000)], ())
    assert [only.choose(**SMALL) for _ in range(2)] == ['a', 'a']
    with pytest.raises(Nowhere, match='a has no room'):
        only.choose(**SMALL)


def test_a_host_that_nobody_knows_the_room_of_is_named_all_the_same() -> None:
    only = Only('a', None, ())
    assert only.choose(**SMALL) == 'a'
    only.drop('b')
    assert only.choose(**SMALL) == 'a'
    only.drop('a')
    with pytest.raises(Nowhere, match='cannot be used'):
        only.choose(**SMALL)


def test_a_host_that_is_unfit_is_not_named() -> None:
    with pytest.raises(Nowhere):
        Only('a', [capacity('a', 4096)], {'a'}).choose(**SMALL)
