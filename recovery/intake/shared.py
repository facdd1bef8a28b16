"""Nova's lists of services, hypervisors and aggregates, shared by decisions that fall together.

A thousand alarms within a minute must not ask for a list of a thousand services each. Only what is
decided before a worker begins shares them: whoever is about to fence asks for himself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drivers.contracts.compute import Aggregate, Hypervisor, Service
from recovery.site import Site

KEEP_SECONDS = 1.0  #: an age that no limit of the policy can tell from a slow answer


class Lists:
    """The newest lists that this process has got."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._kept: dict[str, tuple[float, Any]] = {}

    def services(self, timeout: float) -> tuple[Service, ...]:
        """Like the compute driver's. Raises DriverError, and keeps nothing then."""
        compute = self._site.compute
        found: tuple[Service, ...] = self._get(
            'services', lambda: compute.services(timeout=timeout)
        )
        return found

    def hypervisors(self, timeout: float) -> tuple[Hypervisor, ...]:
        """Likewise."""
        compute = self._site.compute
        found: tuple[Hypervisor, ...] = self._get(
            'hypervisors', lambda: compute.hypervisors(timeout=timeout)
        )
        return found

    def aggregates(self, timeout: float) -> tuple[Aggregate, ...]:
        """Likewise."""
        compute = self._site.compute
        found: tuple[Aggregate, ...] = self._get(
            'aggregates', lambda: compute.aggregates(timeout=timeout)
        )
        return found

    def _get(self, what: str, ask: Callable[[], Any]) -> Any:
        clock, kept = self._site.clock, self._kept.get(what)
        if kept is not None and clock.elapsed() - kept[0] < KEEP_SECONDS:
            return kept[1]
        answer = ask()
        self._kept[what] = clock.elapsed(), answer
        return answer


def lists(site: Site) -> Lists:
    """Those of this process."""
    return site.one(Lists, lambda: Lists(site))
