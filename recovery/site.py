"""One site: its database, its cloud, its devices, its options, and who we are in it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from oslo_config import cfg

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver
from drivers.contracts.inventory import Inventory
from recovery.db.store import Store

T = TypeVar('T')


@dataclass(frozen=True)
class Identity:
    """This process."""

    name: str  #: unique per start: a restarted process is another one
    kind: str  #: 'worker', 'watcher', 'standalone', 'cli', ...
    host: str  #: the compute host that it runs on, as Nova spells it
    pid: int


class Once(Generic[T]):
    """A value that is made when it is first wanted; after a failure it is tried again."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    def __call__(self) -> T:
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]

    def forget(self) -> None:
        """Make it again when it is wanted next."""
        with self._lock:
            self._made.clear()


class Site:
    """Everything that intake, workers and commands are given.

    :param compute: makes the compute driver; called when something first needs it, so that a
        command that only reads the database asks for no credentials.
    :param inventory: makes the fencing inventory, likewise.
    """

    def __init__(
        self,
        *,
        conf: cfg.ConfigOpts,
        clock: Clock,
        store: Store,
        identity: Identity,
        compute: Callable[[], ComputeDriver],
        inventory: Callable[[], Inventory],
    ) -> None:
        self.conf = conf
        self.clock = clock
        self.store = store
        self.identity = identity
        self._compute = Once(compute)
        self._inventory = Once(inventory)
        self._clashes: tuple[Inventory, frozenset[str], Mapping[str, tuple[str, ...]]] | None = None
        self._lock = threading.Lock()
        self._ones: dict[type, object] = {}

    def one(self, kind: type[T], make: Callable[[], T]) -> T:
        """The one object of a kind that this process has: what remembers from look to look."""
        with self._lock:
            found = self._ones.setdefault(kind, None)
            if found is None:
                found = self._ones[kind] = make()
        assert isinstance(found, kind)
        return found

    @property
    def compute(self) -> ComputeDriver:
        """The cloud. Raises DriverError when it is not usable as configured."""
        return self._compute()

    @property
    def inventory(self) -> Inventory:
        """The fencing inventory, as its source is now: a corrected file lets what it holds go
        on without a restart. Raises InventoryError when it cannot be used."""
        found = self._inventory()
        if not found.outdated():
            return found
        self._inventory.forget()
        return self._inventory()

    def renew(self) -> None:
        """Make cloud and inventory anew when they are wanted next, as the options are by then.
        Who has one of them already keeps it: a running recovery goes on with what it has."""
        self._compute.forget()
        self._inventory.forget()

    def clashes(self, hosts: frozenset[str], host: str) -> tuple[str, ...]:
        """Sentences about devices of ``host`` that would also fence another of ``hosts``.

        Expanding the inventory over thousands of hosts takes a while: the answer is kept as long
        as the hosts and the inventory stay the same. Raises InventoryError.
        """
        inventory, kept = self.inventory, self._clashes
        # The answer of an inventory that was replaced while it was made is never given again.
        if kept is None or kept[0] is not inventory or kept[1] != hosts:
            kept = (inventory, hosts, _by_host(inventory, hosts))
            self._clashes = kept
        return kept[2].get(host, ())


def _by_host(inventory: Inventory, hosts: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    # A machine that is no compute host may be listed, too: it is not to be fenced for one.
    known = hosts | frozenset(inventory.named_hosts())
    for problem in inventory.problems(sorted(hosts)):
        if not problem.blocks:
            continue
        words = problem.hosts or {word.strip(',;:') for word in problem.message.split()}
        named = known & words
        for host in sorted(named & hosts):
            # About one host alone, such as a missing entry: its own gate asks that.
            if any(other in hosts or not _renamed(host, other) for other in named - {host}):
                found[host] = (*found.get(host, ()), problem.message)
    return found


def _renamed(host: str, other: str) -> bool:
    """Whether a name that Nova does not list any more is left over in the inventory."""
    return host.split('.')[0].lower() == other.split('.')[0].lower()
