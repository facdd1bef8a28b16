"""Numbers of requests: routes and methods are few, whatever callers make up."""

from __future__ import annotations

from prometheus_client import generate_latest

from recovery.api.meter import Meter


def test_what_is_counted() -> None:
    meter = Meter()
    meter.answered('/v1/segments', 'GET', '200', 0.02)
    meter.answered('/v1/segments', 'GET', '200', 0.2)
    meter.answered(None, 'BREW', '404', 0.001)
    said = generate_latest(meter.registry).decode()
    requests = 'recovery_api_requests_total'
    assert f'{requests}{{method="GET",route="/v1/segments",status="200"}} 2.0' in said
    assert f'{requests}{{method="other",route="none",status="404"}} 1.0' in said
    assert 'recovery_api_seconds_bucket{le="0.025",route="/v1/segments"} 1.0' in said
