"""Who comes in: tokens that a Keystone knows; or, in a lab, this machine alone."""

from __future__ import annotations

import importlib.util
import socket
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from typing import Any

import pytest
import requests
from werkzeug.test import Client, TestResponse

from drivers.clock import SystemClock
from drivers.simulated.app import App
from drivers.simulated.server import Server
from drivers.simulated.world import small_world
from recovery.api import door, rooms
from recovery.api.caller import ENVIRON, caller
from recovery.conf.reading import BadOptions
from tests.unit.recovery.api import asking
from tests.unit.recovery.api.conftest import Make

KEYSTONE = """
[keystone_authtoken]
auth_type = password
auth_url = {url}/identity
username = monitor
password = simulated
project_name = service
user_domain_name = Default
project_domain_name = Default
http_request_max_retries = 0
"""


def whoami() -> dict[str, Any]:
    one = caller()
    return {'name': one.name, 'roles': one.roles, 'project': one.project, 'system': one.system}


@pytest.fixture(autouse=True)
def _rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    views = [
        ('GET', '/v1/me', whoami),
        ('POST', '/v1/me', whoami),
        ('GET', '/', lambda: {}),
        ('GET', '/ui', lambda: 'page'),
        ('POST', '/alarms/<source>', lambda source: {}),
        ('GET', '/<path:other>', lambda other: ({}, 300)),
    ]
    monkeypatch.setattr(rooms, 'ROOMS', (asking.room(*views),))  # type: ignore[arg-type]


@pytest.fixture(scope='module')
def cloud() -> Iterator[Server]:
    clock = SystemClock()
    server = Server(App(small_world(clock, 1, 0)), clock, ('127.0.0.1', 0))
    ended = server.start()
    yield server
    server.stop()
    clock.wait(ended, 5.0)


@pytest.fixture
def client(make: Make, cloud: Server, tmp_path_factory: pytest.TempPathFactory) -> Client:
    here = make(auth='keystone')
    file = tmp_path_factory.mktemp('conf') / 'recovery.conf'
    file.write_text(KEYSTONE.format(url=cloud.url))
    here.conf([], default_config_files=[str(file)], default_config_dirs=[])
    here.conf.set_override('connection', str(here.store.url), 'database')
    return asking.whole(here)


def token(cloud: Server, user: str, *, system: bool = False) -> str:
    identity = {
        'methods': ['password'],
        'password': {'user': {'name': user, 'domain': {'id': 'default'}, 'password': 'simulated'}},
    }
    scope = {'system': {'all': True}} if system else {'project': {'name': user}}
    answer = requests.post(
        f'{cloud.url}/identity/v3/auth/tokens',
        json={'auth': {'identity': identity, 'scope': scope}},
        timeout=5,
    )
    return answer.headers['X-Subject-Token']


def ask(client: Client, key: str | None, path: str = '/v1/me', **headers: str) -> TestResponse:
    given = {name.replace('_', '-'): value for name, value in headers.items()}
    if key is not None:
        given['X-Auth-Token'] = key
    return client.get(path, headers=given)


def test_a_token_says_who_calls(client: Client, cloud: Server) -> None:
    assert ask(client, token(cloud, 'admin')).get_json() == {
        'name': 'admin', 'roles': ['admin'], 'project': 'a' * 32, 'system': False,
    }  # fmt: skip
    assert ask(client, token(cloud, 'reader', system=True)).get_json() == {
        'name': 'reader', 'roles': ['reader'], 'project': None, 'system': True,
    }  # fmt: skip
    assert ask(client, token(cloud, 'reader')).status_code == 403


@pytest.mark.parametrize('key', [None, '', 'made-up', 'x' * 2000, 'ä'])
def test_without_a_good_one_it_is_401_and_says_where_to_get_one(
    client: Client, cloud: Server, key: str | None
) -> None:
    answer = ask(client, key)
    assert answer.status_code == 401
    assert answer.headers['WWW-Authenticate'].startswith('Keystone uri=')
    assert answer.get_json()['error']['code'] == 401
    assert answer.headers['X-Openstack-Request-Id'].startswith('req-')


@pytest.mark.parametrize('path', ['/', '/healthcheck', '/alarms/x', '/nowhere', '/nowhere/else'])
def test_some_paths_need_none(client: Client, path: str) -> None:
    assert client.open(path, method='POST' if 'alarms' in path else 'GET').status_code in (200, 300)


@pytest.mark.parametrize(
    'path', ['/v1/me', '/v1/me/', '//v1/me', '/v1//me', '/v1/nothing', '/ui', '/./v1/me', '/V1/me']
)
def test_no_spelling_of_a_path_goes_around_it(client: Client, path: str) -> None:
    assert client.get(path).status_code in (300, 401, 404)
    assert b'name' not in client.get(path).data


def test_what_a_client_says_of_itself_is_not_believed(client: Client, cloud: Server) -> None:
    lies = {
        'X_Identity_Status': 'Confirmed', 'X_Roles': 'admin', 'X_User_Id': 'u', 'X_User_Name': 'u',
        'X_Project_Id': 'p', 'OpenStack_System_Scope': 'all',
    }  # fmt: skip
    assert ask(client, None, **lies).status_code == 401
    assert ask(client, token(cloud, 'reader'), **lies).status_code == 403
    # A service token of a whole system adds nothing to the user's own.
    both = {'X_Service_Token': token(cloud, 'monitor', system=True)}
    assert ask(client, token(cloud, 'reader'), **both).status_code == 403


def test_a_keystone_that_is_away_is_503(make: Make, tmp_path: Any) -> None:
    here = make(auth='keystone')
    file = tmp_path / 'away.conf'
    file.write_text(KEYSTONE.format(url='http://127.0.0.1:1'))
    here.conf([], default_config_files=[str(file)], default_config_dirs=[])
    here.conf.set_override('connection', str(here.store.url), 'database')
    client = asking.whole(here)
    answer = ask(client, 'anything')
    assert answer.status_code == 503
    assert asking.said(answer)[0] == 'serviceUnavailable'
    assert int(answer.headers['Retry-After']) > 0
    assert client.get('/healthcheck').status_code == 200


def test_so_is_one_that_does_not_accept_our_own_password(
    client: Client, cloud: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = token(cloud, 'admin')
    monkeypatch.setitem(cloud.app.tokens.passwords, 'monitor', 'changed')
    answer = ask(client, theirs)
    assert (answer.status_code, asking.said(answer)[0]) == (503, 'serviceUnavailable')


def test_without_a_service_user_it_does_not_start(make: Make) -> None:
    with pytest.raises(BadOptions, match='needs a service user'):
        asking.whole(make(auth='keystone'))


def test_in_a_lab_everybody_here_is_an_operator(make: Make) -> None:
    client = asking.whole(make())
    assert client.get('/v1/me').get_json()['name'] == 'noauth'
    assert ask(client, 'ann:admin').get_json()['name'] == 'ann'
    assert ask(client, 'ä:b').get_json()['name'] == 'noauth'


def test_and_nobody_from_elsewhere(make: Make) -> None:
    client = asking.whole(make())
    answer = client.get('/v1/me', environ_overrides={'REMOTE_ADDR': '192.0.2.7'})
    assert asking.said(answer)[0] == 'forbidden'
    for address in ('127.9.9.9', '::1', '::ffff:127.0.0.1', ''):
        assert client.get('/v1/me', environ_overrides={'REMOTE_ADDR': address}).status_code == 200


@pytest.mark.parametrize(
    'host',
    ['localhost', 'LOCALHOST:15868', '127.0.0.1', '127.0.0.1:15868', '[::1]', '[::1]:15868', ''],
)
def test_by_a_name_of_this_machine(make: Make, host: str) -> None:
    client = asking.whole(make())
    assert client.get('/v1/me', environ_overrides={'HTTP_HOST': host}).status_code == 200


@pytest.mark.parametrize(
    'host', ['rebound.example', 'rebound.example:15868', '192.0.2.7', '127.0.0.1.example:1',
             'localhost.example', '[2001:db8::1]:15868'],
)  # fmt: skip
def test_and_by_no_other_one(make: Make, host: str) -> None:
    """A browser here may be made to believe that a stranger's name is this machine."""
    client = asking.whole(make())
    answer = client.get('/v1/me', environ_overrides={'HTTP_HOST': host})
    assert (answer.status_code, asking.said(answer)[0]) == (403, 'forbidden')
    assert 'name' not in answer.text.replace('that name', '')


@pytest.mark.parametrize('path', ['/', '/healthcheck', '/alarms/am', '/ui', '/nonesuch'])
def test_nor_what_is_open(make: Make, path: str) -> None:
    client = asking.whole(make(ui_without_token=True))
    method = 'POST' if path.startswith(door.HOOKS) else 'GET'

    def ask(host: str, address: str = '127.0.0.1') -> int:
        environ = {'HTTP_HOST': host, 'REMOTE_ADDR': address}
        return client.open(path, method=method, environ_overrides=environ).status_code

    assert ask('rebound.example') == 403
    assert ask('localhost:15868') not in (401, 403)
    # Who is elsewhere has not been led here by a name.
    assert ask('recovery.example', '192.0.2.9') not in (401, 403)


def test_the_name_that_it_listens_at_is_its_own(make: Make) -> None:
    here = make()
    here.conf.set_override('listen', 'controller:15868', 'api')
    client = asking.whole(here)
    answer = client.get('/v1/me', environ_overrides={'HTTP_HOST': 'Controller:15868'})
    assert answer.status_code == 200


def test_headers_of_a_proxy_are_not_believed_in_a_lab(make: Make) -> None:
    here = make()
    asking.whole(here)  # it registers the option
    here.conf.set_override('enable_proxy_headers_parsing', True, 'oslo_middleware')
    with pytest.raises(BadOptions, match='enable_proxy_headers_parsing everybody may say so'):
        asking.whole(here)


@pytest.mark.parametrize('listen', ['127.0.0.1:1', 'localhost:1', '[::1]:1', '127.5.5.5:15868'])
def test_loopback_by_any_name_is_fine(listen: str) -> None:
    door.refuse_wide(listen)


@pytest.mark.parametrize('listen', ['0.0.0.0:1', '[::]:1', '192.0.2.7:15868'])
def test_anything_wider_is_refused_in_a_sentence(listen: str) -> None:
    with pytest.raises(BadOptions, match=r'auth = noauth lets everybody in.* set it to 127') as one:
        door.refuse_wide(listen)
    assert '\n' not in str(one.value)


def test_so_is_a_name_with_one_wide_address(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(None, None, None, '', (address, 0)) for address in ('127.0.0.1', '192.0.2.7')]
    monkeypatch.setattr(socket, 'getaddrinfo', lambda *_: found)
    with pytest.raises(BadOptions, match=r'is 192\.0\.2\.7'):
        door.refuse_wide('both.example:1')


def test_a_name_without_an_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise socket.gaierror(-2, 'Name or service not known')

    monkeypatch.setattr(socket, 'getaddrinfo', away)
    with pytest.raises(BadOptions, match='nowhere has no address'):
        door.refuse_wide('nowhere:1')


def test_options_of_keystone_that_make_no_sense_are_named(make: Make, tmp_path: Any) -> None:
    here = make(auth='keystone')
    file = tmp_path / 'bad.conf'
    file.write_text('[keystone_authtoken]\nauth_type = magic\n')
    here.conf([], default_config_files=[str(file)], default_config_dirs=[])
    here.conf.set_override('connection', str(here.store.url), 'database')
    with pytest.raises(BadOptions, match=r'\[keystone_authtoken\] cannot be used'):
        asking.whole(here)


@pytest.mark.parametrize(
    ('more', 'module', 'package'),
    [
        ('', 'memcache', 'python-memcached'),
        ('memcache_tls_enabled = true\n', 'bmemcached', 'python-binary-memcached'),
    ],
)
def test_a_cache_needs_its_package_at_the_start(
    make: Make, cloud: Server, tmp_path: Any, more: str, module: str, package: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    here = make(auth='keystone')
    file = tmp_path / 'cached.conf'
    text = f'{KEYSTONE.format(url=cloud.url)}memcached_servers = 127.0.0.1:1\n{more}'
    file.write_text(text)
    here.conf([], default_config_files=[str(file)], default_config_dirs=[])
    here.conf.set_override('connection', str(here.store.url), 'database')
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BadOptions, match=f'needs the package {package}, which is not'):
        asking.whole(here)
    installed = importlib.util.module_from_spec(ModuleSpec(module, None))
    monkeypatch.setitem(sys.modules, module, installed)
    assert asking.whole(here)


def test_an_environment_from_outside_names_no_caller(make: Make) -> None:
    client = asking.whole(make())
    liar = {ENVIRON: asking.ADMIN}
    assert client.post('/alarms/x', environ_overrides=liar).status_code == 200
