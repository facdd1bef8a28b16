"""A site in front of a simulated cloud, asked as Masakari's clients ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from recovery.operate.callers import Caller
from recovery.site import Site
from tests.unit.recovery.api.asking import Inside, said

# Fixtures of a site whose cloud is simulated.
from tests.unit.recovery.intake.conftest import app, clock, conf, dead, site, store, world

__all__ = ['app', 'clock', 'conf', 'dead', 'site', 'store', 'world']

PROJECT = '0123456789abcdef0123456789abcdef'
ADMIN = Caller('ann', ('admin',), PROJECT, 'u' * 32)


class Masakari:
    """What a client does."""

    def __init__(self, site: Site) -> None:
        self.inside = Inside(site, ADMIN)
        self.version = '1.3'

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: Caller | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        given = {'OpenStack-API-Version': f'instance-ha {self.version}'} | dict(headers or {})
        more: dict[str, Any] = {'headers': given, 'by': by}
        if body is not None:
            more['json'] = body
        return self.inside.ask(method, path, **more)

    def segment(self, name: str = 'rack-1', **more: Any) -> dict[str, Any]:
        """A new segment."""
        values = {'name': name, 'recovery_method': 'auto', 'service_type': 'COMPUTE'}
        answer = self('POST', '/v1/segments', {'segment': values | more})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.get_json()['segment']
        return found

    def host(self, segment: str, name: str = 'compute-01', **more: Any) -> dict[str, Any]:
        """A new host of a segment."""
        values = {'name': name, 'type': 'COMPUTE', 'control_attributes': 'SSH'}
        answer = self('POST', f'/v1/segments/{segment}/hosts', {'host': values | more})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.get_json()['host']
        return found

    def refused(self, *asked: Any, status: int, **more: Any) -> str:
        """The message of an error, which has to have this status."""
        answer = self(*asked, **more)
        assert answer.status_code == status, answer.text
        return said(answer)[1]

    def listed(self, path: str) -> list[Any]:
        """The rows of a list."""
        answer = self('GET', path)
        assert answer.status_code == 200, answer.text
        ((_, rows),) = answer.get_json().items()
        found: list[Any] = rows
        return found


@pytest.fixture
def ask(site: Site) -> Masakari:
    return Masakari(site)
