"""Numbers of the API process: requests by route and status, and how long they took."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
NO_ROUTE = 'none'  #: of what no route matches; its path is the caller's, and could be anything


class Meter:
    """One per process. Counters begin at 0 with the process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            'recovery_api_requests',
            'Requests that were answered, by route, method and status.',
            ('route', 'method', 'status'),
            registry=self.registry,
        )
        self._seconds = Histogram(
            'recovery_api_seconds',
            'How long answers took.',
            ('route',),
            buckets=SECONDS,
            registry=self.registry,
        )

    def answered(self, route: str | None, method: str, status: str, seconds: float) -> None:
        """One request was.

        :param route: as the application writes it, with the names of its parts; None: no route.
        """
        known = method if method in METHODS else 'other'
        self._requests.labels(route or NO_ROUTE, known, status).inc()
        self._seconds.labels(route or NO_ROUTE).observe(seconds)


METHODS = frozenset({'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'})
