from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
import requests
from jsonschema import Draft202012Validator
from requests.adapters import BaseAdapter

from drivers.contracts.clock import Clock
from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable
from drivers.contracts.fencing import PowerState
from drivers.fencing.maas import MaasFencing

SETTINGS = {
    'address': 'https://maas.example.com:5443/MAAS/',
    'system': '4y3h7n',
    'api_key': 'con:tok:se&cret',
}
MACHINE = '/MAAS/api/2.0/machines/4y3h7n/'
QUERY = f'GET {MACHINE}?op=query_power_state'
OFF = f'POST {MACHINE}?op=power_off'
UUID = '8d0ab1c2-0000-4000-8000-000000000001'


class Ticking(Clock):
    """A clock that moves only when it is moved."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.tokens = 0

    def now(self) -> float:
        return self.time + 0.7

    def elapsed(self) -> float:
        return self.time

    def wait(self, event: threading.Event | None, seconds: float | None = None) -> bool:
        raise NotImplementedError

    def spawn(self, name: str, run: Callable[[], None]) -> threading.Event:
        raise NotImplementedError

    def new_id(self) -> str:
        raise NotImplementedError

    def new_token(self) -> str:
        self.tokens += 1
        return f'token-{self.tokens}'


class Maas(BaseAdapter):
    """One machine's API, mounted in the place of the network."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Ticking()
        self.seconds = 0.0  # that each answer takes
        self.sent: list[requests.PreparedRequest] = []
        self.options: list[dict[str, Any]] = []
        self.state: Any = {'state': 'on'}
        self.machine: Any = {'system_id': '4y3h7n', 'hardware_uuid': UUID}
        self.broken: dict[str, tuple[int, str, dict[str, str]]] = {}

    def driver(self, **settings: Any) -> MaasFencing:
        return MaasFencing(SETTINGS | settings, mount=self.mount, clock=self.clock)

    def mount(self, session: requests.Session) -> None:
        session.mount('https://', self)

    @property
    def asked(self) -> list[str]:
        return [f'{one.method} {one.path_url}' for one in self.sent]

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        self.sent.append(request)
        self.options.append(options)
        self.clock.time += self.seconds
        said = self.state if 'query' in request.path_url else self.machine
        kind = {'Content-Type': 'application/json'}
        status, body, headers = self.broken.get(self.asked[-1]) or (200, json.dumps(said), kind)
        response = requests.Response()
        response.status_code, response._content = status, body.encode()
        response.headers.update({'Content-Type': 'text/plain; charset=utf-8'} | headers)
        response.url, response.request = request.url or '', request
        return response

    def close(self) -> None:
        pass


@pytest.fixture
def maas() -> Maas:
    return Maas()


def no(status: int, text: str = 'No.', **headers: str) -> tuple[int, str, dict[str, str]]:
    return status, text, headers


@pytest.mark.parametrize(
    ('said', 'state'),
    [
        ({'state': 'on'}, PowerState.ON),
        ({'state': 'off'}, PowerState.OFF),
        ({'state': 'unknown'}, PowerState.UNKNOWN),
        ({'state': 'error'}, PowerState.UNKNOWN),
        ({'state': 'Off'}, PowerState.UNKNOWN),
        ({'state': None}, PowerState.UNKNOWN),
        ({}, PowerState.UNKNOWN),
        ([], PowerState.UNKNOWN),
        ('off', PowerState.UNKNOWN),
    ],
)
def test_power_state_is_what_the_bmc_was_asked(maas: Maas, said: Any, state: PowerState) -> None:
    maas.state = said
    assert maas.driver().power_state(timeout=10) is state
    assert maas.asked == [QUERY]


def test_power_off_is_hard_and_power_on_is_on(maas: Maas) -> None:
    maas.driver().power_off(timeout=10)
    maas.driver().power_on(timeout=10)
    assert maas.asked == [OFF, f'POST {MACHINE}?op=power_on']
    assert parse_qs(str(maas.sent[0].body)) == {'stop_mode': ['hard']}


def test_each_request_is_signed_by_itself(maas: Maas) -> None:
    maas.broken[OFF] = no(409)
    maas.state = {'state': 'off'}
    maas.driver().power_off(timeout=10)
    nonces = set()
    for request in maas.sent:
        scheme, _, rest = str(request.headers['Authorization']).partition(' ')
        parts = dict(part.split('=', 1) for part in rest.split(', '))
        given = {name: unquote(value.strip('"')) for name, value in parts.items()}
        nonces.add(given.pop('oauth_nonce'))
        assert scheme == 'OAuth'
        assert given == {
            'oauth_version': '1.0',
            'oauth_signature_method': 'PLAINTEXT',
            'oauth_consumer_key': 'con',
            'oauth_token': 'tok',
            'oauth_signature': '&se%26cret',
            'oauth_timestamp': '1000',
        }
    assert len(nonces) == len(maas.sent) == 2


def test_a_netrc_does_not_replace_the_signature(
    maas: Maas, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / 'netrc'
    netrc.write_text('machine maas.example.com login somebody password else\n')
    monkeypatch.setenv('NETRC', str(netrc))
    maas.driver().power_state(timeout=10)
    assert str(maas.sent[0].headers['Authorization']).startswith('OAuth ')


@pytest.mark.parametrize('verify', [True, False, '/etc/ssl/maas.pem'])
def test_certificates_are_checked_as_configured(maas: Maas, verify: bool | str) -> None:
    maas.driver(verify=verify).power_state(timeout=10)
    assert maas.options[0]['verify'] == verify
    maas.driver().power_state(timeout=10)
    assert maas.options[1]['verify'] is True


@pytest.mark.parametrize(
    ('answer', 'error'),
    [
        (no(401, 'Authorization Error: Invalid API key.'), AccessDenied),
        (no(403), AccessDenied),
        (no(404, 'No Machine matches the given query.'), NotFound),
        (no(404, '<html>', **{'Content-Type': 'text/html'}), Unreachable),
        (no(400), Refused),
        (no(409), Refused),
        (no(301, '', Location='https://elsewhere.example.com/MAAS/'), Refused),
        (no(429), Unreachable),
        (no(502, '<html>', **{'Content-Type': 'text/html'}), Unreachable),
        (no(503, 'Unable to connect to any rack controller'), Unreachable),
        (no(200, 'not JSON'), Unreachable),
    ],
)
def test_errors_are_classed_by_what_may_be_done_next(
    maas: Maas, answer: Any, error: type[DriverError]
) -> None:
    maas.broken[QUERY] = answer
    with pytest.raises(error) as caught:
        maas.driver().power_state(timeout=10)
    assert type(caught.value) is error
    assert len(maas.asked) == 1


def test_a_redirect_is_not_followed_by_a_power_off(maas: Maas) -> None:
    maas.broken[OFF] = no(302, '', Location='https://elsewhere.example.com/MAAS/')
    with pytest.raises(Refused, match=r'elsewhere\.example\.com'):
        maas.driver().power_off(timeout=10)
    assert maas.asked.count(OFF) == 1


def test_a_refusal_is_excused_by_a_fresh_reading_only(maas: Maas) -> None:
    maas.broken[OFF] = no(409, 'It is off.')
    with pytest.raises(Refused, match='It is off'):
        maas.driver().power_off(timeout=10)
    maas.state = {'state': 'off'}
    maas.driver().power_off(timeout=10)


@pytest.mark.parametrize('body', ['', 'null'])
def test_a_request_that_maas_could_not_send_is_refused(maas: Maas, body: str) -> None:
    maas.broken[OFF] = no(200, body)
    with pytest.raises(Refused, match='power type'):
        maas.driver().power_off(timeout=10)


def test_requests_share_the_time_of_the_call(maas: Maas) -> None:
    maas.seconds = 6.0
    maas.broken[OFF] = no(409)
    with pytest.raises(Refused, match='refused'):
        maas.driver().power_off(timeout=10)
    assert [given['timeout'] for given in maas.options] == [10.0, 4.0]
    maas.seconds = 11.0
    with pytest.raises(Unreachable, match='no time left'):
        maas.driver().power_off(timeout=10)


@pytest.mark.parametrize(
    ('machine', 'identity'),
    [
        ({'system_id': 'a', 'hardware_uuid': UUID}, UUID),
        ({'system_id': 'a', 'hardware_uuid': None}, 'a'),
        ({'system_id': 'a', 'hardware_uuid': '00000000-0000-0000-0000-000000000000'}, 'a'),
        ({}, None),
        ([], None),
    ],
)
def test_identity(maas: Maas, machine: Any, identity: str | None) -> None:
    maas.machine = machine
    assert maas.driver().identity(timeout=10) == identity


def test_settings() -> None:
    schema = Draft202012Validator(MaasFencing.SETTINGS_SCHEMA)
    for right in ({}, {'verify': '/ca.pem'}, {'address': 'http://[2001:db8::1]:5240/MAAS'}):
        assert schema.is_valid(SETTINGS | right)
    for wrong in (
        {'address': 'maas.example.com'},
        {'address': 'https://user:secret@maas.example.com/MAAS'},
        {'address': 'https://maas.example.com/MAAS?x=1'},
        {'system': 'a/b'},
        {'api_key': 'only:two'},
        {'api_key': 'one:two:three:four'},
        {'verify': 1},
    ):
        assert not schema.is_valid(SETTINGS | wrong)


def test_repr_has_no_key() -> None:
    assert 'cret' not in repr(MaasFencing.build(SETTINGS))
