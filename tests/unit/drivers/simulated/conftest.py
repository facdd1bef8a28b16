"""A small cloud on virtual time, and the real openstacksdk in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from keystoneauth1 import session as auth_session
from openstack import config as openstack_config
from openstack import connection

from drivers.clock import SystemClock
from drivers.simulated.app import App, clouds_yaml
from drivers.simulated.clock import VirtualClock
from drivers.simulated.server import Server
from drivers.simulated.transport import mount
from drivers.simulated.world import Settings, World, small_world

Connect = Callable[..., Any]


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    clock = VirtualClock()
    yield clock
    clock.close()


@pytest.fixture
def world(clock: VirtualClock) -> World:
    return small_world(clock)


@pytest.fixture
def app(world: World) -> App:
    return App(world)


@pytest.fixture
def connect(app: App, tmp_path: Path) -> Connect:
    """A connection of openstacksdk, the application mounted inside."""

    def connect(user: str = 'admin', url: str = 'http://simulated') -> Any:
        text = clouds_yaml(url).replace('admin', user)
        (tmp_path / 'clouds.yaml').write_text(text)
        http = requests.Session()
        if url == 'http://simulated':
            mount(http, app)

        def session(**options: Any) -> Any:
            return auth_session.Session(session=http, **options)

        found = openstack_config.OpenStackConfig(
            config_files=[str(tmp_path / 'clouds.yaml')],
            session_constructor=session,  # type: ignore[arg-type]
        ).get_one('simulated')
        return connection.Connection(config=found)

    return connect


@pytest.fixture
def cloud(connect: Connect) -> Any:
    return connect()


@pytest.fixture
def served() -> Iterator[Server]:
    """A small cloud on real time, served on loopback."""
    clock = SystemClock()
    settings = Settings(
        rebuild_seconds=0.1, schedule_seconds=0.0, power_seconds=0.05, boot_seconds=0.1
    )
    server = Server(App(small_world(clock, settings=settings)), clock, ('127.0.0.1', 0))
    ended = server.start()
    yield server
    server.stop()
    assert clock.wait(ended, 10)


@pytest.fixture
def nova(cloud: Any) -> Callable[..., requests.Response]:
    """Raw requests to Nova: ``nova('GET', '/os-services', '2.90', json=...)``."""

    def ask(method: str, path: str, version: str = '2.90', **more: Any) -> requests.Response:
        answer: requests.Response = cloud.compute.request(
            path, method, microversion=version, raise_exc=False, **more
        )
        return answer

    return ask
