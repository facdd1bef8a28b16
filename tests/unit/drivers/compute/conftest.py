"""The driver on a simulated cloud inside its client, and every request that it sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from drivers.clock import SystemClock
from drivers.compute.nova import NovaCompute
from drivers.simulated.app import App, clouds_yaml
from drivers.simulated.transport import InProcess
from drivers.simulated.world import Settings, World, small_world


class Recording(BaseAdapter):
    """Keeps each request before it goes on."""

    def __init__(self, app: App, sent: list[requests.PreparedRequest]) -> None:
        super().__init__()
        self._onwards = InProcess(app)
        self._sent = sent

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        self._sent.append(request)
        return self._onwards.send(request, *args, **kwargs)

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Site:
    """A simulated cloud and its driver."""

    world: World
    app: App
    clouds: Path
    sent: list[requests.PreparedRequest] = field(default_factory=list)

    def driver(self) -> NovaCompute:
        def mount(session: requests.Session) -> None:
            session.mount('http://', Recording(self.app, self.sent))

        return NovaCompute(
            cloud='simulated',
            client_config_file=str(self.clouds),
            clock=self.world.clock,
            mount=mount,
        )

    def asked(self, part: str) -> list[str]:
        """Paths of the requests sent, of those that hold the part."""
        return [str(one.path_url) for one in self.sent if part in str(one.path_url)]

    def microversions(self, part: str) -> list[str]:
        """The microversions that those requests were sent with."""
        return [one.headers['OpenStack-API-Version'] for one in self.sent if part in one.path_url]


@pytest.fixture
def make_site(tmp_path: Path) -> Callable[..., Site]:
    """Makes a cloud; keywords are settings of the world."""

    def make(instances: int = 0, **settings: Any) -> Site:
        world = small_world(SystemClock(), 3, instances, Settings(**settings))
        clouds = tmp_path / 'clouds.yaml'
        clouds.write_text(clouds_yaml())
        return Site(world, App(world), clouds)

    return make
