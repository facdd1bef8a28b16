"""Nova's lists of services, hypervisors and aggregates, shared by decisions that fall together.

A thousand alarms within a minute must not ask for a list of a thousand services each. Only what is
decided before a worker begins shares them: whoever is about to fence asks for himself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.compute import Aggregate, Hypervisor, Service
from recovery.intake.looks import Looks, looks
from recovery.site import Site

KEEP_SECONDS = 1.0  #: an age that no limit of the policy can tell from a slow answer


class Lists:
    """The newest lists that this process has got."""

    def __init__(self, clock: Clock, looks: Looks) -> None:
        self._clock = clock
        self._looks = looks
        self._kept: dict[str, tuple[float, Any]] = {}

    def services(self, timeout: float) -> tuple[Service, ...]:
        """Like the compute driver's. Raises DriverError; only the crowd remembers that."""
        found: tuple[Service, ...] = self._get('services', lambda: self._looks.services(timeout))
        return found

    def hypervisors(self, timeout: float) -> tuple[Hypervisor, ...]:
        """Likewise."""
        found: tuple[Hypervisor, ...] = self._get(
            'hypervisors', lambda: self._looks.hypervisors(timeout)
        )
        return found

    def aggregates(self, timeout: float) -> tuple[Aggregate, ...]:
        """Likewise."""
        found: tuple[Aggregate, ...] = self._get(
            'aggregates', lambda: self._looks.aggregates(timeout)
        )
        return found

    def _get(self, what: str, ask: Callable[[], Any]) -> Any:
        clock, kept = self._clock, self._kept.get(what)
        if kept is not None and clock.elapsed() - kept[0] < KEEP_SECONDS:
            return kept[1]
        answer = ask()
        self._kept[what] = clock.elapsed(), answer
        return answer


def lists(site: Site) -> Lists:
    """Those of this process."""
    through = looks(site)
    return site.one(Lists, lambda: Lists(site.clock, through))
