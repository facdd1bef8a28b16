"""Who posts: by a token, by a signature, by Keystone."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg
from werkzeug.test import Client

from drivers.simulated.clock import VirtualClock
from flows.stop import StoreAway
from recovery.api import app as api
from recovery.db import alarms as stored_alarms
from recovery.db import tables
from recovery.intake.sources import BadSources
from recovery.site import Site
from tests.unit.drivers.alarms import payloads
from tests.unit.recovery.api.webhooks.posting import (
    KEY,
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
