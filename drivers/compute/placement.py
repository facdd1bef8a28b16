"""What is asked of Placement."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from drivers.compute import records
from drivers.compute.api import Api, Versions
from drivers.compute.http import Deadline
from drivers.contracts.compute import Capacity

TRAITS: Versions = ((1, 6), (1, 36))
ALLOCATIONS: Versions = ((1, 12), (1, 36))
CANDIDATES: Versions = ((1, 27), (1, 28))  # 1.27: summaries with all resources; 1.29: whole trees


def consumers(api: Api, provider: str, deadline: Deadline) -> frozenset[str]:
    """Who holds allocations against the provider."""
    path = f'/resource_providers/{quote(provider, safe="")}/allocations'
    return api.get(path, ALLOCATIONS, deadline, lambda body: frozenset(body['allocations']))


def traits(api: Api, provider: str, deadline: Deadline) -> frozenset[str]:
    path = f'/resource_providers/{quote(provider, safe="")}/traits'
    return api.get(path, TRAITS, deadline, lambda body: frozenset(body['traits']))


def capacities(api: Api, hosts: Mapping[str, str], deadline: Deadline) -> tuple[Capacity, ...]:
    """What each host can still take.

    One request for all hosts: the summaries beside the allocation candidates hold capacity, use
    and traits of each provider that has memory left. Inventories, usages and traits one provider
    after the other would be three requests per host.

    :param hosts: service host by provider.
    """
    return api.get(
        '/allocation_candidates?resources=MEMORY_MB:1',
        CANDIDATES,
        deadline,
        lambda body: tuple(
            records.capacity(hosts[provider], provider, summary)
            for provider, summary in sorted(body['provider_summaries'].items())
            if provider in hosts
        ),
    )


def check(api: Api, deadline: Deadline) -> None:
    """Ask something that only an administrator is answered."""
    nobody = '00000000-0000-0000-0000-000000000000'
    api.call('GET', f'/allocations/{nobody}', ALLOCATIONS, deadline)
