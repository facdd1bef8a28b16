"""Numbers of this process's part in the bus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class BusTally:
    """Counters begin at 0 with the process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._heard = Counter(
            'recovery_bus_heard',
            'Notifications heard, by type and what became of them: taken, dropped or given back.',
            ('type', 'result'),
            registry=self.registry,
        )
        self._told = Counter(
            'recovery_bus_told',
            'Notifications sent, by type and whether the broker took them: taken or away.',
            ('type', 'result'),
            registry=self.registry,
        )

    def heard(self, kind: str, result: str) -> None:
        """One notification came."""
        self._heard.labels(kind, result).inc()

    def told(self, kind: str, result: str) -> None:
        """One notification was sent, or was to be."""
        self._told.labels(kind, result).inc()
