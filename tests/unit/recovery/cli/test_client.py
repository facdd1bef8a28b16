"""Requests to the API: where it is, with which token, and what its errors become."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from keystoneauth1 import exceptions
from werkzeug.serving import make_server

from drivers.clock import SystemClock
from drivers.contracts.errors import Unreachable
from recovery.cli.client import Client, connect
from recovery.cli.exits import ApiAway, UsageError
from recovery.operate.refusal import Refusal
from recovery.view.ids import Unknown
from tests.unit.recovery.cli.site import cloud


class Answer:
    """An answer of requests."""

    def __init__(self, status: int, text: str, kind: str = 'application/json') -> None:
        self.status_code = status
        self.text = text
        self.headers = {'Content-Type': kind}

    def json(self) -> Any:
        return json.loads(self.text)


class Session:
    """Gives one answer, or raises it."""

    def __init__(self, answer: Answer | Exception, endpoints: Any = None) -> None:
        self.answer = answer
        self.endpoints = endpoints or {}
        self.asked: list[tuple[str, str, Any]] = []

    def request(self, url: str, method: str, **more: Any) -> Answer:
        self.asked.append((method, url, more))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def get_endpoint(self, *, service_type: str, **_more: Any) -> str | None:
        found: str | None = self.endpoints.get(service_type)
        return found


def fault(status: int, **inner: Any) -> Answer:
    return Answer(status, json.dumps({'name': {'code': status, 'message': 'because', **inner}}))


@pytest.mark.parametrize(
    ('answer', 'error'),
    [
        (fault(400), UsageError),
        (fault(413), UsageError),
        (fault(401), Refusal),
        (fault(403), Refusal),
        (fault(404), Unknown),
        (fault(404, verb='recovery window list'), Refusal),
        (fault(409), Refusal),
        (fault(429), Unreachable),
        (fault(500), Unreachable),
        (fault(503), Unreachable),
    ],
)
def test_errors_are_those_of_commands(answer: Answer, error: type[Exception]) -> None:
    client = Client(Session(answer), 'http://api/recovery/v1', {})
    with pytest.raises(error, match='because'):
        client.get('/recoveries')


@pytest.mark.parametrize(
    'answer',
    [
        Answer(404, '<html>', 'text/html'),
        Answer(502, '', 'text/html'),
        Answer(300, '{"choices": []}'),
        Answer(404, '[]'),
        Answer(200, '<html>'),
        exceptions.ConnectFailure('no route to host'),
    ],
)
def test_what_is_not_our_api_is_said_to_be_away(answer: Any) -> None:
    client = Client(Session(answer), 'http://api/recovery/v1', {})
    with pytest.raises(ApiAway):
        client.get('/recoveries')


def test_a_refusal_keeps_what_leads_on() -> None:
    client = Client(Session(fault(409, verb='recovery unpause')), 'http://api', {})
    with pytest.raises(Refusal) as raised:
        client.post('/x', {})
    assert raised.value.verb == 'recovery unpause'


@contextmanager
def listening(asked: list[dict[str, Any]]) -> Iterator[str]:
    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        asked.append(environ)
        environ['wsgi.input'].read(int(environ.get('CONTENT_LENGTH') or 0))
        start('200 OK', [('Content-Type', 'application/json')])
        return [b'{}']

    clock = SystemClock()
    server = make_server('127.0.0.1', 0, application)
    ended = clock.spawn('api', server.serve_forever)
    try:
        yield f'http://127.0.0.1:{server.port}'
    finally:
        server.shutdown()
        server.server_close()
        clock.wait(ended, 5.0)


def test_without_credentials_the_name_of_who_types_is_sent() -> None:
    asked: list[dict[str, Any]] = []
    with listening(asked) as url:
        assert connect(None, url, {}).get('/recoveries') == {}
    (environ,) = asked
    assert (environ['PATH_INFO'], environ['HTTP_X_AUTH_TOKEN']) == (
        '/recovery/v1/recoveries', 'bob',
    )  # fmt: skip


def test_with_a_cloud_a_token_of_its_keystone_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    with cloud(tmp_path), listening(asked) as url:
        monkeypatch.setenv('OS_CLIENT_CONFIG_FILE', str(tmp_path / 'clouds.yaml'))
        monkeypatch.chdir(tmp_path)
        assert connect('simulated', f'{url}/v1/PROJECT', {}).post('/x', {'a': 1}) == {}
        with pytest.raises(UsageError, match='nowhere'):
            connect('nowhere', url, {})
        with pytest.raises(UsageError, match='instance-ha'):
            connect('simulated', None, {})
    (environ,) = asked
    assert (environ['REQUEST_METHOD'], environ['PATH_INFO']) == ('POST', '/recovery/v1/x')
    assert environ['HTTP_X_AUTH_TOKEN'] not in ('', 'bob')


@pytest.mark.parametrize(
    ('endpoints', 'url'),
    [
        ({'instance-ha': 'http://api:15868/v1/0123abc'}, 'http://api:15868/recovery/v1'),
        ({'instance-ha': 'http://api/instance-ha/v1/'}, 'http://api/instance-ha/recovery/v1'),
        ({'instance-ha': 'http://api/ha'}, 'http://api/ha/recovery/v1'),
        (
            {'recovery': 'http://own/recovery/v1', 'instance-ha': 'http://api/v1'},
            'http://own/recovery/v1',
        ),
    ],
)
def test_the_catalogue_says_where_it_is(
    endpoints: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(Answer(200, '{}'), endpoints)
    monkeypatch.setattr('recovery.cli.client._session', lambda _cloud: (session, 'R', 'public'))
    connect('mine', None, {}).get('/recoveries')
    assert session.asked[0][1] == f'{url}/recoveries'


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match='nonsense'):
        connect(None, 'nonsense', {})


def test_an_api_that_is_down_is_said_in_a_sentence() -> None:
    with listening([]) as url:
        pass
    with pytest.raises(ApiAway) as raised:
        connect(None, url, {}).get('/recoveries')
    said = str(raised.value)
    assert said.startswith(f'the API at {url}/recovery/v1 does not answer: ')
    assert 'refused' in said
    assert len(said) < 150
