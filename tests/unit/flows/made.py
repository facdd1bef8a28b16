"""Values of the flows' vocabulary, with defaults that a test does not care about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from drivers.contracts.compute import Instance, Migration, Service
from flows.evacuation.settle import Seen
from flows.records import Attempt, AttemptState, Item, ItemState

SOURCE, TARGET = 'compute-02', 'compute-03'
VM = 'vm-2'


def instance(**fields: Any) -> Instance:
    """An active instance on the failed host."""
    made = Instance(VM, VM, SOURCE, 'active', None, 1, False)
    return replace(made, **fields)


def migration(**fields: Any) -> Migration:
    """An open evacuation of it from the failed host."""
    made = Migration(7, 'm-7', VM, 'evacuation', 'pre-migrating', SOURCE, TARGET, 10.0, 11.0)
    return replace(made, **fields)


def service(host: str = SOURCE, **fields: Any) -> Service:
    """A service that is down."""
    made = Service(f's-{host}', host, False, 'down', True, 'recovery', 5.0)
    return replace(made, **fields)


def item(**fields: Any) -> Item:
    """An item that has been sent."""
    made = Item(VM, VM, SOURCE, ItemState.STARTED)
    return replace(made, **fields)


def attempt(**fields: Any) -> Attempt:
    """An attempt that was accepted by Nova, whose record is not known yet."""
    made = Attempt(1, VM, 1, AttemptState.ACCEPTED, TARGET, 100.0, 110.0, destination_seen_at=100.0)
    return replace(made, **fields)


def seen(
    *records: Migration, at: float = 105.0, up: frozenset[str] | None = None, **instances: Instance
) -> Seen:
    """One look at Nova, in which the instance is still where it was."""
    by_instance: dict[str, tuple[Migration, ...]] = {}
    for record in records:
        by_instance[record.instance] = (*by_instance.get(record.instance, ()), record)
    known = {one.id: one for one in instances.values()} or {VM: instance()}
    up = frozenset({TARGET, 'compute-04'}) if up is None else up
    return Seen(at, up, by_instance, known, aged=frozenset({1}))
