from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator
from requests.adapters import BaseAdapter

from drivers.contracts.clock import Clock
from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable
from drivers.contracts.fencing import PowerState
from drivers.fencing.redfish import RedfishFencing

SETTINGS = {'address': 'https://bmc.example.com', 'username': 'admin', 'password': 'a-password'}
ROOT = '/redfish/v1/'
SYSTEMS = '/redfish/v1/Systems'
RESET = '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset'


class Frozen(Clock):
    """A clock that moves only when the service makes it."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def elapsed(self) -> float:
        return self.time

    def wait(self, event: threading.Event | None, seconds: float | None = None) -> bool:
        raise NotImplementedError

    def spawn(self, name: str, run: Callable[[], None]) -> threading.Event:
        raise NotImplementedError

    def new_id(self) -> str:
        raise NotImplementedError

    def new_token(self) -> str:
        raise NotImplementedError


class Service(BaseAdapter):
    """A service with one system, mounted in the place of the network."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Frozen()
        self.seconds = 0.0  # that each answer takes
        self.asked: list[str] = []
        self.given: list[Any] = []  # the time-outs of each request
        self.state: Any = 'On'
        self.system: dict[str, Any] = {'Id': '1', 'UUID': 'A-UUID', 'SerialNumber': 'S1'}
        self.allowed = ['On', 'ForceOff']
        self.members = ['/redfish/v1/Systems/1']
        self.broken: dict[str, tuple[int, bytes]] = {}  # path -> status and body

    def mount(self, session: requests.Session) -> None:
        session.mount('https://', self)

    def driver(self, **settings: Any) -> RedfishFencing:
        return RedfishFencing(SETTINGS | settings, mount=self.mount, clock=self.clock)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        path = request.path_url
        self.asked.append(f'{request.method} {path}')
        self.given.append(options['timeout'])
        self.clock.time += self.seconds
        status, body = self.broken.get(path) or (200, json.dumps(self.document(path)).encode())
        if path == RESET and path not in self.broken:
            kind = json.loads(request.body or b'')['ResetType']
            self.state = {'ForceOff': 'Off', 'On': 'On'}[kind]
            status, body = 204, b''
        response = requests.Response()
        response.status_code, response._content = status, body
        response.url, response.request = request.url or '', request
        return response

    def close(self) -> None:
        pass

    def document(self, path: str) -> Any:
        if path == ROOT:
            return {'Id': 'RootService', 'Systems': {'@odata.id': SYSTEMS}}
        if path == SYSTEMS:
            return {
                'Name': 'Systems',
                'Members': [{'@odata.id': member} for member in self.members],
            }
        action = {'target': RESET, 'ResetType@Redfish.AllowableValues': self.allowed}
        return {
            **self.system,
            'PowerState': self.state,
            'Actions': {'#ComputerSystem.Reset': action},
        }


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.mark.parametrize(
    ('said', 'state'),
    [
        ('On', PowerState.ON),
        ('Off', PowerState.OFF),
        ('PoweringOff', PowerState.UNKNOWN),
        ('Paused', PowerState.UNKNOWN),
        (None, PowerState.UNKNOWN),
        ('off', PowerState.UNKNOWN),
    ],
)
def test_power_state(service: Service, said: Any, state: PowerState) -> None:
    service.state = said
    assert service.driver().power_state(timeout=10) is state


def test_the_only_system_is_found_once(service: Service) -> None:
    driver = service.driver()
    driver.power_state(timeout=10)
    driver.power_state(timeout=10)
    read = 'GET /redfish/v1/Systems/1'
    assert service.asked == [f'GET {ROOT}', f'GET {SYSTEMS}', read, read]


def test_a_named_system_takes_one_request(service: Service) -> None:
    assert service.driver(system='1').power_state(timeout=10) is PowerState.ON
    assert service.driver(system='/redfish/v1/Systems/1').power_state(timeout=10) is PowerState.ON
    assert service.asked == ['GET /redfish/v1/Systems/1'] * 2


def test_which_of_several_systems_must_be_said(service: Service) -> None:
    service.members = ['/redfish/v1/Systems/1', '/redfish/v1/Systems/2']
    with pytest.raises(Refused, match=r'set "system" .*\(1, 2\)'):
        service.driver().power_off(timeout=10)
    assert service.state == 'On'


def test_power_off_and_on(service: Service) -> None:
    driver = service.driver(system='1')
    driver.power_off(timeout=10)
    assert service.state == 'Off'
    driver.power_on(timeout=10)
    assert service.state == 'On'
    assert service.asked.count(f'POST {RESET}') == 2


@pytest.mark.parametrize('status', [400, 409])
def test_a_refusal_is_excused_by_a_fresh_reading_only(service: Service, status: int) -> None:
    service.broken[RESET] = (status, b'{"error": {"message": "it is off"}}')
    with pytest.raises(Refused, match='it is off'):
        service.driver(system='1').power_off(timeout=10)
    service.state = 'Off'
    service.driver(system='1').power_off(timeout=10)


def test_a_service_that_cannot_force_off_refuses(service: Service) -> None:
    service.allowed = ['On', 'GracefulShutdown']
    with pytest.raises(Refused, match='cannot do this'):
        service.driver(system='1').power_off(timeout=10)


@pytest.mark.parametrize(
    ('status', 'error'),
    [
        (401, AccessDenied),
        (403, AccessDenied),
        (404, NotFound),
        (405, Refused),
        (429, Unreachable),
        (500, Unreachable),
        (503, Unreachable),
    ],
)
def test_errors_are_classed_by_what_may_be_done_next(
    service: Service, status: int, error: type[DriverError]
) -> None:
    service.broken['/redfish/v1/Systems/1'] = (status, b'')
    with pytest.raises(error) as caught:
        service.driver(system='1').power_state(timeout=10)
    assert type(caught.value) is error
    assert len(service.asked) == 1


@pytest.mark.parametrize('body', [b'<html>', b'[]', b'"text"', b'null', b'{"Actions": 7}', b''])
@pytest.mark.parametrize('method', ['power_state', 'power_off', 'identity'])
def test_what_is_not_redfish_is_a_driver_error_or_unknown(
    service: Service, body: bytes, method: str
) -> None:
    service.broken['/redfish/v1/Systems/1'] = (200, body)
    try:
        answer = getattr(service.driver(system='1'), method)(timeout=10)
    except DriverError:
        return
    assert answer in (PowerState.UNKNOWN, None)
    assert method != 'power_off'


@pytest.mark.parametrize('text', ['SYS518', 'iLO InvalidOperationForSystemState'])
@pytest.mark.parametrize('status', [400, 500])
def test_a_reset_is_sent_once_whatever_the_vendor_says(
    service: Service, text: str, status: int
) -> None:
    service.broken[RESET] = (status, json.dumps({'error': {'message': text}}).encode())
    with pytest.raises(DriverError):
        service.driver(system='1').power_off(timeout=10)
    assert service.asked.count(f'POST {RESET}') == 1


def test_requests_share_the_time_of_the_call(service: Service) -> None:
    service.seconds = 4.0
    with pytest.raises(Unreachable, match='no time left'):
        service.driver().power_off(timeout=10)
    assert [given[1] for given in service.given] == [10.0, 6.0, 2.0]
    assert service.state == 'On'


@pytest.mark.parametrize(
    ('said', 'identity'),
    [
        ({'UUID': 'A-UUID', 'SerialNumber': 'S1'}, 'A-UUID'),
        ({'UUID': '00000000-0000-0000-0000-000000000000', 'SerialNumber': ' S1 '}, 'S1'),
        ({'UUID': None, 'SerialNumber': ''}, None),
        ({}, None),
    ],
)
def test_identity(service: Service, said: dict[str, Any], identity: str | None) -> None:
    service.system = {'Id': '1', **said}
    assert service.driver().identity(timeout=10) == identity


def test_settings() -> None:
    schema = Draft202012Validator(RedfishFencing.SETTINGS_SCHEMA)
    for right in ({}, {'system': '1', 'verify': False}, {'address': 'https://[2001:db8::1]:8443/'}):
        assert schema.is_valid(SETTINGS | right)
    for wrong in (
        {'address': 'bmc.example.com'},
        {'address': 'https://admin:secret@bmc.example.com'},
        {'address': 'https://bmc.example.com/redfish/v1'},
        {'system': ''},
        {'verify': 1},
    ):
        assert not schema.is_valid(SETTINGS | wrong)


def test_repr_has_no_password() -> None:
    assert 'a-password' not in repr(RedfishFencing.build(SETTINGS))
