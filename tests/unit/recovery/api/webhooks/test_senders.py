"""Who posts: by a token, by a signature, by Keystone."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from oslo_config import cfg
from werkzeug.test import Client

from drivers.clock import SystemClock
from drivers.simulated.app import App
from drivers.simulated.clock import VirtualClock
from drivers.simulated.server import Server
from drivers.simulated.world import small_world
from flows.stop import StoreAway
from recovery.api import app as api
from recovery.db import alarms as stored_alarms
from recovery.db import tables
from recovery.db.store import Store
from recovery.intake.sources import BadSources, Sources
from recovery.site import Site
from tests.unit.drivers.alarms import payloads
from tests.unit.recovery.api import asking
from tests.unit.recovery.api.webhooks.posting import (
    BEARER,
    KEY,
    SEAL,
    TOKEN,
    Post,
    alert,
    rows,
    said,
)


@pytest.mark.parametrize(
    ('headers', 'sentence'),
    [
        ({}, 'no header "Authorization: Bearer"'),
        ({'Authorization': 'Basic x'}, 'no header'),
        ({'Authorization': 'Bearer wrong'}, 'a wrong token'),
        ({'Authorization': f'Bearer {TOKEN}x'}, 'a wrong token'),
        ({'Authorization': 'Bearer t\xf6ken'}, 'a wrong token'),
    ],
)
def test_who_has_not_the_token_raises_nothing(
    site: Site, post: Post, headers: dict[str, str], sentence: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    response = post(payloads.group(alert()), headers=headers)
    assert response.status_code == 401
    assert sentence in said(response)
    assert not rows(site, tables.alarm)
    assert TOKEN not in caplog.text + response.get_data(as_text=True)


def test_a_source_that_is_not_configured(post: Post) -> None:
    response = post({}, 'nobody')
    assert response.status_code == 404
    assert "'nobody'" in said(response)


def test_an_old_and_a_new_token_hold_together(post: Post, sources: Path) -> None:
    (sources / 'token').write_text('not-a-secret-token-2\n' + TOKEN)
    for token in (TOKEN, 'not-a-secret-token-2'):
        headers = {'Authorization': f'Bearer {token}'}
        assert post(payloads.group(alert()), headers=headers).status_code == 202


def test_a_secret_that_cannot_be_read_is_our_trouble(post: Post, sources: Path) -> None:
    """503: the sender tries again, and loses nothing while an operator corrects it."""
    (sources / 'token').unlink()
    assert post(payloads.group(alert())).status_code == 503


def sign(here: Site, body: bytes, query: str = '', key: str = KEY, ago: float = 0) -> Any:
    stamp = str(int(here.clock.now() - ago))
    message = b'\n'.join((stamp.encode(), query.encode(), body))
    made = hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
    return {'X-Recovery-Timestamp': stamp, 'X-Recovery-Signature': f'sha256={made}'}


def test_a_signed_message(site: Site, post: Post, dead: str) -> None:
    body = json.dumps({'host': dead, 'text': 'silent'}).encode()
    response = post(body, 'signed', headers=sign(site, body))
    assert response.get_json()['alarms'][0]['answer'] == 'admit'


def test_a_signed_message_is_taken_once(
    site: Site,
    post: Post,
    clock: VirtualClock,
) -> None:
    body = json.dumps({'host': 'compute-02'}).encode()
    headers = sign(site, body)
    assert len(post(body, 'signed', headers=headers).get_json()['alarms']) == 1
    clock.wait(None, 5.0)
    again_ = post(body, 'signed', headers=headers)
    assert (again_.status_code, again_.get_json()['alarms']) == (202, [])
    assert 'taken before' in again_.get_json()['note']
    assert len(rows(site, tables.alarm)) == 1


@pytest.mark.parametrize('form', ['{}', 'sha256= {}', 'SHA256=\t{} ', ' sha256=  {}', 'upper'])
def test_another_spelling_of_a_signature_is_the_same_one(site: Site, post: Post, form: str) -> None:
    body = json.dumps({'host': 'compute-02'}).encode()
    headers = sign(site, body)
    digest = headers['X-Recovery-Signature'].removeprefix('sha256=')
    assert len(post(body, 'signed', headers=headers).get_json()['alarms']) == 1
    other = digest.upper() if form == 'upper' else form.format(digest)
    again_ = post(body, 'signed', headers=headers | {'X-Recovery-Signature': other})
    assert again_.get_json()['alarms'] == []
    assert len(rows(site, tables.alarm)) == len(rows(site, tables.nonce)) == 1


@pytest.mark.parametrize('form', ['sha256=sha256={}', '{}0', '0x{}', 'sha256=', '{},{}', '\xe9'])
def test_a_malformed_signature(site: Site, post: Post, form: str) -> None:
    body = json.dumps({'host': 'compute-02'}).encode()
    headers = sign(site, body)
    digest = headers['X-Recovery-Signature'].removeprefix('sha256=')
    headers['X-Recovery-Signature'] = form.format(digest, digest)
    response = post(body, 'signed', headers=headers)
    assert response.status_code == 401
    assert not rows(site, tables.alarm)


def test_a_signed_message_that_was_not_stored_may_be_sent_again(
    site: Site,
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = json.dumps({'host': 'compute-02'}).encode()
    headers = sign(site, body)
    with monkeypatch.context() as broken:
        broken.setattr(
            stored_alarms, 'add',
            lambda *_: (_ for _ in ()).throw(StoreAway('gone')),
        )  # fmt: skip
        assert post(body, 'signed', headers=headers).status_code == 503
    assert len(post(body, 'signed', headers=headers).get_json()['alarms']) == 1


def test_a_signed_message_of_which_half_was_done_may_be_sent_again(
    site: Site,
    post: Post,
    clock: VirtualClock,
    dead: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def seal(*alerts: Any) -> tuple[bytes, dict[str, str]]:
        body = json.dumps(payloads.group(*alerts)).encode()
        return body, sign(site, body, key=SEAL)

    body, headers = seal(alert())
    (begun,) = post(body, 'sealed', headers=headers).get_json()['alarms']
    assert begun['answer'] == 'admit'
    # One message: a host has failed, another one is back.
    body, headers = seal(alert(status='resolved'), alert('compute-02'))
    for number in (1, 2):  # transactions: the alarms are stored, the recovery is cancelled
        with monkeypatch.context() as broken:
            broken.setattr(Store, 'transact', _away_after(number))
            assert post(body, 'sealed', headers=headers).status_code == 503
        assert len(rows(site, tables.alarm)) == 2
        assert len(rows(site, tables.nonce)) == 1
    done = post(body, 'sealed', headers=headers).get_json()
    assert [one['host'] for one in done['alarms']] == ['compute-02:9100']
    assert [one['host'] for one in done['resolved']] == ['compute-01:9100']
    states = {row['host']: row['state'] for row in rows(site, tables.recovery)}
    assert states[dead] == 'cancelled'
    assert len(rows(site, tables.alarm)) == len(rows(site, tables.nonce)) == 2
    assert 'taken before' in post(body, 'sealed', headers=headers).get_json()['note']


def _away_after(number: int) -> Callable[[Store, Callable[..., Any]], Any]:
    """A database that is lost after so many transactions."""
    whole, done = Store.transact, list[object]()

    def transact(self: Store, work: Callable[..., Any]) -> Any:
        if len(done) == number:
            raise StoreAway('gone')
        done.append(work)
        return whole(self, work)

    return transact


@pytest.mark.parametrize('how', ['key', 'body', 'query', 'old', 'early', 'none', 'time'])
def test_a_signature_that_does_not_hold(site: Site, post: Post, how: str) -> None:
    body = json.dumps({'host': 'compute-02'}).encode()
    query, sent = {}, body
    ago = {'old': 301.0, 'early': -302.0}.get(how, 0.0)
    headers = sign(site, body, key='another-key-of-others' if how == 'key' else KEY, ago=ago)
    if how == 'body':
        sent = json.dumps({'host': 'compute-03'}).encode()
    elif how == 'query':
        query = {'host': 'compute-03'}
    elif how == 'none':
        headers = {}
    elif how == 'time':
        headers['X-Recovery-Timestamp'] = 'now'
    response = post(sent, 'signed', headers=headers, query_string=query)
    assert response.status_code == 401
    assert not rows(site, tables.alarm)
    assert KEY not in said(response)


def test_nonces_are_forgotten_when_their_time_is_over(
    site: Site,
    post: Post,
    clock: VirtualClock,
) -> None:
    for _ in range(3):
        body = json.dumps({'host': 'compute-02'}).encode()
        post(body, 'signed', headers=sign(site, body))
        clock.wait(None, 400.0)
    assert len(rows(site, tables.nonce)) == 2


def test_a_source_without_secret_is_for_labs(
    site: Site,
    conf: cfg.ConfigOpts,
    sources: Path,
) -> None:
    (sources / 'sources.yaml').write_text('sources: {am: {driver: alertmanager}}')
    with pytest.raises(BadSources, match='anybody could raise its alarms'):
        api.inner(site)
    conf.set_override('auth', 'noauth', 'api')
    client = Client(api.inner(site))
    body = json.dumps(payloads.group(alert('compute-02')))
    far = {'REMOTE_ADDR': '192.0.2.1'}
    assert client.post('/alarms/am', data=body, environ_overrides=far).status_code == 401
    near = {'REMOTE_ADDR': '127.0.0.1'}
    assert client.post('/alarms/am', data=body, environ_overrides=near).status_code == 202


def test_aodh_is_known_by_keystone(site: Site, client: Client, dead: str) -> None:
    from recovery.api.caller import ENVIRON
    from recovery.operate.callers import Caller

    body = json.dumps(payloads.aodh())
    path = f'/alarms/aodh?host={dead}'
    assert client.post(path, data=body).status_code == 401
    for roles, status in ((('member',), 403), (('admin',), 202)):
        environ = {ENVIRON: Caller('heat', roles, 'p', 'u')}
        response = client.post(path, data=body, environ_overrides=environ)
        assert response.status_code == status
    (kept,) = rows(site, tables.alarm)
    assert (kept['requested_by'], kept['subject']) == ('heat', dead)


def test_a_source_of_some_users_of_keystone(site: Site, sources: Path, dead: str) -> None:
    from recovery.api.caller import ENVIRON
    from recovery.operate.callers import Caller

    text = 'sources: {aodh: {driver: aodh, keystone: {users: [u-1, u-2]}}}'
    (sources / 'sources.yaml').write_text(text)
    client, body = Client(api.inner(site)), json.dumps(payloads.aodh())
    for user, status in (('u', 403), ('', 403), ('u-2', 202)):
        environ = {ENVIRON: Caller('heat', ('admin',), 'p', user)}
        response = client.post(f'/alarms/aodh?host={dead}', data=body, environ_overrides=environ)
        assert response.status_code == status
    assert len(rows(site, tables.alarm)) == 1


def test_in_a_lab_no_source_is_known_by_keystone(
    site: Site, conf: cfg.ConfigOpts, sources: Path
) -> None:
    from recovery.api.caller import ENVIRON
    from recovery.operate.callers import Caller

    conf.set_override('auth', 'noauth', 'api')
    with pytest.raises(BadSources, match=r'source aodh: .* knows no tokens of Keystone'):
        api.inner(site)
    whole = (sources / 'sources.yaml').read_text()
    (sources / 'sources.yaml').write_text('sources: {}')
    Sources.renew(site)
    client = Client(api.inner(site))
    (sources / 'sources.yaml').write_text(whole)
    Sources.renew(site)
    environ = {ENVIRON: Caller('noauth', ('admin',), 'p', 'u')}
    path, body = '/alarms/aodh?host=compute-02', json.dumps(payloads.aodh())
    assert client.post(path, data=body, environ_overrides=environ).status_code == 503
    assert not rows(site, tables.alarm)


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
[api]
auth = keystone
[sources]
file = {file}
[database]
connection = {database}
"""


@pytest.fixture
def keystone() -> Iterator[Server]:
    clock = SystemClock()
    server = Server(App(small_world(clock, 1, 0)), clock, ('127.0.0.1', 0))
    ended = server.start()
    yield server
    server.stop()
    clock.wait(ended, 5.0)


def token(url: str, user: str) -> str:
    name = {'name': user, 'domain': {'id': 'default'}, 'password': 'simulated'}
    identity = {'methods': ['password'], 'password': {'user': name}}
    body = {'auth': {'identity': identity, 'scope': {'project': {'name': user}}}}
    answer = requests.post(f'{url}/identity/v3/auth/tokens', json=body, timeout=5)
    return answer.headers['X-Subject-Token']


@pytest.fixture
def whole(tmp_path: Path, sources: Path) -> Iterator[Callable[[str], tuple[Site, Client]]]:
    """The whole application, with a Keystone somewhere."""
    here = asking.site(tmp_path, auth='keystone')

    def make(url: str) -> tuple[Site, Client]:
        file = tmp_path / 'recovery.conf'
        names = {'file': sources / 'sources.yaml', 'database': here.store.url}
        file.write_text(KEYSTONE.format(url=url, **names))
        here.conf([], default_config_files=[str(file)], default_config_dirs=[])
        return here, asking.whole(here)

    yield make
    here.store.close()


def aodh(client: Client, **headers: str) -> int:
    named = {name.replace('_', '-'): value for name, value in headers.items()}
    path, body = '/alarms/aodh?host=compute-01', json.dumps(payloads.aodh())
    return client.post(path, data=body, headers=named).status_code


def test_aodh_shows_a_token_to_the_whole_application(whole: Any, keystone: Server) -> None:
    """As trust+https does it."""
    here, client = whole(keystone.url)
    assert aodh(client) == 401
    assert aodh(client, X_Auth_Token='made-up') == 401
    assert aodh(client, X_Auth_Token=token(keystone.url, 'reader')) == 403
    assert aodh(client, Authorization=f'Bearer {TOKEN}') == 401
    assert rows(here, tables.alarm) == []
    assert aodh(client, X_Auth_Token=token(keystone.url, 'admin')) == 202
    (kept,) = rows(here, tables.alarm)
    assert (kept['subject'], kept['requested_by']) == ('compute-01', 'admin')


def test_a_keystone_that_is_away_is_in_the_way_of_its_own_senders_only(whole: Any) -> None:
    _, client = whole('http://127.0.0.1:1')
    assert aodh(client, X_Auth_Token='anything') == 503
    body = json.dumps(payloads.group(alert()))
    assert client.post('/alarms/am', data=body, headers=BEARER).status_code == 202
