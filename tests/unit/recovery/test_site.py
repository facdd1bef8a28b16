"""A site remembers which hosts share a device until the list of hosts changes."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from oslo_config import cfg

from drivers.clock import SystemClock
from drivers.contracts.fencing import FencePath
from drivers.contracts.inventory import Inventory, InventoryProblem
from recovery.db.store import Store
from recovery.site import Identity, Site


class Shared(Inventory):
    """c1 and c2 have one device; c3 has none."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def path(self, host: str) -> FencePath:
        raise KeyError(host)

    def named_hosts(self) -> tuple[str, ...]:
        return ()

    def problems(self, hosts: Iterable[str]) -> tuple[InventoryProblem, ...]:
        self.asked.append(list(hosts))
        return (
            InventoryProblem('c1', 'c1 and c2 would both be fenced through sim x'),
            InventoryProblem('c3', 'no device can fence c3: add it'),
            InventoryProblem('file', 'c1 and c3: password readable', blocks=False),
        )


@pytest.fixture
def inventory() -> Shared:
    return Shared()


@pytest.fixture
def site(inventory: Shared) -> Site:
    def compute() -> None:
        raise AssertionError('nobody asked for it')

    clock = SystemClock()
    return Site(
        conf=cfg.ConfigOpts(),
        clock=clock,
        store=Store('sqlite://', clock),
        identity=Identity('n', 'cli', 'h', 1),
        compute=compute,  # type: ignore[arg-type]
        inventory=lambda: inventory,
    )


def test_only_what_two_hosts_share_clashes(site: Site) -> None:
    hosts = frozenset({'c1', 'c2', 'c3'})
    assert site.clashes(hosts, 'c1') == site.clashes(hosts, 'c2')
    assert len(site.clashes(hosts, 'c1')) == 1
    assert site.clashes(hosts, 'c3') == ()


def test_it_is_asked_once_per_list_of_hosts(site: Site, inventory: Shared) -> None:
    hosts = frozenset({'c1', 'c2'})
    for _ in range(3):
        site.clashes(hosts, 'c1')
    site.clashes(hosts | {'c4'}, 'c1')
    assert inventory.asked == [['c1', 'c2'], ['c1', 'c2', 'c4']]


def test_an_answer_about_a_replaced_inventory_is_never_given_again() -> None:
    """SIGHUP may come while another thread compares the devices of the old file."""
    hosts, made = frozenset({'c1', 'c2'}), list[Inventory]()

    class Corrected(Shared):
        def problems(self, hosts: Iterable[str]) -> tuple[InventoryProblem, ...]:
            return ()

    class Slow(Shared):
        def problems(self, hosts: Iterable[str]) -> tuple[InventoryProblem, ...]:
            here.renew()
            return super().problems(hosts)

    def inventory() -> Inventory:
        made.append(Corrected() if made else Slow())
        return made[-1]

    clock = SystemClock()
    here = Site(
        conf=cfg.ConfigOpts(),
        clock=clock,
        store=Store('sqlite://', clock),
        identity=Identity('n', 'cli', 'h', 1),
        compute=lambda: None,  # type: ignore[arg-type,return-value]
        inventory=inventory,
    )
    assert len(here.clashes(hosts, 'c1')) == 1
    assert here.clashes(hosts, 'c1') == ()


@pytest.mark.parametrize(('other', 'clashes'), [('storage-1', 1), ('c1.example.org', 0)])
def test_a_listed_machine_that_is_no_compute_host_is_not_fenced_for_one(
    site: Site, inventory: Shared, monkeypatch: pytest.MonkeyPatch, other: str, clashes: int
) -> None:
    """But a name that the very host had before stops nothing."""
    message = f'c1 and {other} would both be fenced through sim x'
    found = (InventoryProblem('c1', message),)
    monkeypatch.setattr(inventory, 'problems', lambda _: found)
    monkeypatch.setattr(inventory, 'named_hosts', lambda: (other,))
    assert len(site.clashes(frozenset({'c1', 'c2'}), 'c1')) == clashes
    assert site.clashes(frozenset({'c1', 'c2'}), 'c2') == ()


def test_a_device_of_many_is_a_clash_of_each(
    site: Site, inventory: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not the sentence names it."""
    hosts = frozenset({'c1', 'c2', 'c3', 'c4', 'c5'})
    said = 'c1, c2, c3 and 1 more would all be fenced through sim x'
    found = (InventoryProblem('c1', said, hosts=hosts - {'c5'}),)
    monkeypatch.setattr(inventory, 'problems', lambda _: found)
    assert {host: len(site.clashes(hosts, host)) for host in sorted(hosts)} == {
        'c1': 1, 'c2': 1, 'c3': 1, 'c4': 1, 'c5': 0,
    }  # fmt: skip
