"""The application around its rooms: ids, errors in one shape, and no traceback for anybody."""

from __future__ import annotations

import logging
from typing import Any

import flask
import pytest
from prometheus_client import generate_latest

from drivers.contracts.errors import Unreachable
from drivers.contracts.inventory import InventoryError
from flows.stop import StoreAway
from recovery.api import app, rooms
from recovery.api.faults import Fault
from recovery.api.meter import Meter
from recovery.conf.reading import BadOptions
from recovery.operate.refusal import BadRules, Refusal
from tests.unit.recovery.api import asking
from tests.unit.recovery.api.conftest import Make
from tests.unit.recovery.api.test_door import KEYSTONE

ERRORS: dict[str, BaseException] = {
    'fault': Fault(409, 'It is busy.', verb='recovery cancel 1'),
    'refusal': Refusal('it has ended', 'recovery rerun 1'),
    'store': StoreAway('database: secret words'),
    'driver': Unreachable('Nova did not answer'),
    'inventory': InventoryError('fencing.yaml is no YAML'),
    'rules': BadRules('[oslo_policy] policy_file cannot be used'),
    'bug': ZeroDivisionError('secret words'),
}


def fail(name: str) -> None:
    raise ERRORS[name]


@pytest.fixture
def client(make: Make, monkeypatch: pytest.MonkeyPatch) -> Any:
    views = [
        ('GET', '/v1/fail/<name>', fail),
        ('PUT', '/v1/toys/<int:number>', lambda number: {'number': number}),
    ]
    monkeypatch.setattr(rooms, 'ROOMS', (asking.room(*views),))
    return asking.whole(make())


@pytest.mark.parametrize(
    ('name', 'status', 'key', 'words'),
    [
        ('fault', 409, 'conflictingRequest', 'It is busy.'),
        ('refusal', 409, 'conflictingRequest', 'it has ended'),
        ('store', 503, 'serviceUnavailable', 'The database does not answer'),
        ('driver', 503, 'serviceUnavailable', 'Nova did not answer'),
        ('inventory', 503, 'serviceUnavailable', 'fencing.yaml is no YAML'),
        ('rules', 500, 'masakariFault', 'policy_file cannot be used'),
        ('bug', 500, 'masakariFault', 'the log tells more about req-'),
    ],
)
def test_every_error_has_its_status_and_its_sentence(
    client: Any, name: str, status: int, key: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get(f'/v1/fail/{name}')
    found, message = asking.said(answer)
    assert (answer.status_code, found) == (status, key)
    assert words in message
    assert 'secret' not in answer.text
    assert ('Retry-After' in answer.headers) == (status == 503)
    if name == 'bug':
        (record,) = (one for one in caplog.records if one.levelno == logging.ERROR)
        assert answer.headers['X-Openstack-Request-Id'] in record.getMessage()
        assert record.exc_info


def test_the_command_that_leads_on_is_said_too(client: Any) -> None:
    inner = client.get('/v1/fail/refusal').get_json()['conflictingRequest']
    assert inner['verb'] == 'recovery rerun 1'


def test_what_no_route_answers(client: Any) -> None:
    assert asking.said(client.get('/v1/nothing'))[0] == 'itemNotFound'
    assert asking.said(client.put('/v1/toys/x'))[0] == 'itemNotFound'
    answer = client.patch('/v1/toys/1')
    assert asking.said(answer)[0] == 'badMethod'
    assert 'PUT' in answer.headers['Allow']
    assert client.put('/v1/toys/1/').status_code == 200


def test_every_answer_has_an_id_of_its_own(client: Any) -> None:
    paths = ('/healthcheck', '/v1/nothing', '/v1/fail/bug', '/x?a=%ff', '/v1/fail/store')
    ids = {client.get(path).headers['X-Openstack-Request-Id'] for path in paths}
    assert len(ids) == len(paths)
    assert all(one.startswith('req-') for one in ids)


def test_a_file_of_rules_that_is_none_keeps_it_from_starting(make: Make, tmp_path: Any) -> None:
    (tmp_path / 'rules.yaml').write_text('"recovery:read": [')
    here = make()
    app.inner(here)  # also: makes the options of oslo.policy known
    here.conf.set_override('policy_file', str(tmp_path / 'rules.yaml'), 'oslo_policy')
    with pytest.raises(BadOptions, match=r'\[oslo_policy\] policy_file cannot be used'):
        app.inner(here)


def test_an_error_in_front_of_flask_is_answered_too(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError('secret words')

    monkeypatch.setattr(app, 'refuse_malformed', lambda _inside: broken)
    answer = asking.whole(make()).get('/healthcheck')
    assert (answer.status_code, asking.said(answer)[0]) == (500, 'masakariFault')
    assert 'secret' not in answer.text


def test_requests_are_counted_by_route_and_never_by_path(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, 'ROOMS', ())
    here = make()
    client = asking.whole(here)
    for path in ('/healthcheck', '/healthcheck', '/made/up/by/the/caller', '/x?a=%ff'):
        client.get(path)
    client.open('/healthcheck', method='BREW')
    said = generate_latest(here.one(Meter, Meter).registry).decode()
    counts = [line for line in said.splitlines() if line.startswith('recovery_api_requests_total')]
    assert sorted(counts) == [
        'recovery_api_requests_total{method="GET",route="/healthcheck",status="200"} 2.0',
        'recovery_api_requests_total{method="GET",route="none",status="400"} 1.0',
        'recovery_api_requests_total{method="GET",route="none",status="404"} 1.0',
        'recovery_api_requests_total{method="other",route="none",status="405"} 1.0',
    ]
    assert 'recovery_api_seconds_count{route="/healthcheck"} 2.0' in said


def test_pages_of_other_sites_may_ask_only_if_configured(make: Make, tmp_path: Any) -> None:
    origin = {'Origin': 'https://dash.example'}
    here = make()
    assert (
        'Access-Control-Allow-Origin'
        not in asking.whole(here).get('/healthcheck', headers=origin).headers
    )
    file = tmp_path / 'cors.conf'
    file.write_text('[cors]\nallowed_origin = https://dash.example\n')
    here.conf([], default_config_files=[str(file)], default_config_dirs=[])
    here.conf.set_override('auth', 'noauth', 'api')
    answer = asking.whole(here).get('/healthcheck', headers=origin)
    assert answer.headers['Access-Control-Allow-Origin'] == 'https://dash.example'


def test_a_proxy_is_believed_only_if_configured(
    make: Make, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ('GET', '/', lambda: {'from': flask.request.remote_addr})
    monkeypatch.setattr(rooms, 'ROOMS', (asking.room(asked),))
    forwarded = {'X-Forwarded-For': '192.0.2.7'}
    assert asking.whole(make()).get('/', headers=forwarded).get_json() == {'from': None}
    here = make(auth='keystone')
    file = tmp_path / 'proxy.conf'
    believing = '[oslo_middleware]\nenable_proxy_headers_parsing = true\n'
    file.write_text(KEYSTONE.format(url='http://127.0.0.1:1') + believing)
    here.conf([], default_config_files=[str(file)], default_config_dirs=[])
    here.conf.set_override('connection', str(here.store.url), 'database')
    assert asking.whole(here).get('/', headers=forwarded).get_json() == {'from': '192.0.2.7'}
