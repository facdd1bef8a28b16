"""Every route of the API is asked nonsense of every kind: none answers 5xx, and all errors have the
one shape. HYPOTHESIS_PROFILE=explore asks for much longer, with new nonsense each time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from drivers.contracts.compute import ComputeDriver
from drivers.contracts.errors import Unreachable
from recovery.api import app, rooms
from recovery.db import tables
from recovery.db.store import Store
from recovery.operate.callers import Caller
from recovery.site import Once
from tests.contract.nonsense import HOSTS, MASAKARI, SECRET, asked, bent
from tests.stage import Stage, play
from tests.unit.recovery.api import asking

EXAMPLES = 300 if os.environ.get('HYPOTHESIS_PROFILE') == 'explore' else 12
PAGE = ('/', f'/{rooms.PAGE}')  #: what people read; its errors are for them


def routes() -> list[tuple[str, str]]:
    """Method and rule of all; the second path form of Masakari has the same views."""
    with TemporaryDirectory() as folder:
        here = asking.site(Path(folder))
        rules = list(app.inner(here).url_map.iter_rules())
        here.store.close()
    return sorted(
        (method, rule.rule)
        for rule in rules
        for method in (rule.methods or set()) - {'HEAD', 'OPTIONS'}
        if ':url_project' not in rule.rule or rule.rule.endswith(('/segments', '/<vmove>'))
    )


ROUTES = routes()


@pytest.fixture(scope='module')
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp('sources')
    (folder / 'sources.yaml').write_text(SOURCES)
    (folder / 'token').write_text(SECRET)
    for file in folder.iterdir():
        file.chmod(0o600)
    conf = {'api.auth': 'noauth', 'sources.file': str(folder / 'sources.yaml')}
    with play(hosts=2, instances=2, conf=conf) as made:
        yield made


@pytest.fixture(scope='module')
def client(stage: Stage) -> Client:
    """With something in every table that a request may name."""
    made = Client(app.build(stage.process('api', 'api')))
    stage.ask(lambda: _furnish(made))
    stage.alarm(HOSTS[0])
    return made


def _furnish(client: Client) -> None:
    body = {'name': 'rack', 'recovery_method': 'auto', 'service_type': 'COMPUTE'}
    made = client.post('/v1/segments', json={'segment': body}).get_json()
    identifier = (made or {}).get('segment', {}).get('uuid', 'none')
    for name in HOSTS:
        host = {'name': name, 'type': 'COMPUTE', 'control_attributes': 'x'}
        client.post(f'/v1/segments/{identifier}/hosts', json={'host': host})


@pytest.fixture(scope='module')
def known(stage: Stage, client: Client) -> tuple[str, ...]:
    """Names and IDs of what there is."""
    found = [*HOSTS, 'rack', *(one.id for one in stage.world.instances.values())]
    found += [row['id'] for row in stage.recoveries()]
    for path, key in (('/v1/segments', 'segments'), ('/v1/notifications', 'notifications')):
        listed = stage.ask(partial(client.get, path)).get_json() or {}
        found += [row.get('uuid') or row.get('notification_uuid') for row in listed.get(key, [])]
    return tuple(str(one) for one in found)


SOURCES = """
sources:
  am: {driver: alertmanager, token: {file: token}, resolved: cancel-unstarted}
  any: {driver: generic, token: {file: token}, settings: {host: host, at: at, key: key}}
"""


def judge(rule: str, answer: Any) -> None:
    """What every answer has to be."""
    assert answer.status_code < 500, answer.text
    assert answer.headers['X-Openstack-Request-Id'].startswith('req-')
    assert 'X-Evil' not in answer.headers
    if answer.status_code >= 400 and not rule.startswith(PAGE[1]):
        _shaped(answer.status_code, answer.get_json())


def promised(found: Mapping[str, Any]) -> set[str]:
    """Every alarm that an answer of 202 names."""
    named = {one['id'] for one in found.get('alarms', [])}
    return named | ({found['alarm']} if 'alarm' in found else set())


def kept(stage: Stage, answer: Any) -> None:
    """What was answered with 202 is in the database."""
    if answer.status_code == 202:
        there = {row['id'] for row in stage.rows(tables.alarm)}
        assert promised(answer.get_json()) <= there, answer.text


def _shaped(status: int, found: Any) -> None:
    assert isinstance(found, Mapping), found
    (inner,) = found.values()
    assert inner['code'] == status
    assert inner['message']
    assert 'Traceback' not in inner['message']


@pytest.fixture(scope='module')
def document(stage: Stage, client: Client) -> Mapping[str, Any]:
    found: Mapping[str, Any] = stage.ask(lambda: client.get('/recovery/v1/openapi.json')).get_json()
    return found


@pytest.mark.parametrize(('method', 'rule'), ROUTES, ids=map(' '.join, ROUTES))
def test_no_nonsense_is_answered_with_trouble_of_ours(
    method: str,
    rule: str,
    stage: Stage,
    client: Client,
    known: tuple[str, ...],
    document: Mapping[str, Any],
) -> None:
    @settings(
        max_examples=EXAMPLES,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(more=asked(rule, known, document))
    def ask(more: dict[str, Any]) -> None:
        answer = stage.ask(lambda: client.open(method=method, **more))
        judge(rule, answer)
        kept(stage, answer)

    ask()


CLOSED = [(method, rule) for method, rule in ROUTES if rule.split('/')[1] in ('v1', 'recovery')]
#: A member of some project, as every user of a cloud is one.
STRANGER = Caller('eve', ('member', 'reader'), 'p' * 32, 'u' * 32)


@pytest.mark.parametrize(('method', 'rule'), CLOSED, ids=map(' '.join, CLOSED))
def test_nobody_is_answered_without_a_token_and_nobody_changes_anything_without_a_role(
    method: str,
    rule: str,
    stage: Stage,
    client: Client,
    known: tuple[str, ...],
    document: Mapping[str, Any],
) -> None:
    inside = asking.Inside(stage.site, by=None)
    free = method == 'GET' and needs_nothing(inside, rule)

    @settings(max_examples=6, suppress_health_check=list(HealthCheck), database=None)
    @given(body=bent(rule, known, document), name=st.sampled_from(known))
    def ask(body: Any, name: str) -> None:
        path = re.sub('<[^>]*>', name, rule)
        for who in (None, STRANGER):
            more = {} if method == 'GET' else {'json': body}
            answer = stage.ask(partial(inside.ask, method, path, by=who, **more))
            if who is None:
                assert answer.status_code in (401, 404), answer.text
            elif not free:
                assert 400 <= answer.status_code < 500, answer.text
                assert method != 'GET' or answer.status_code in (403, 404)

    ask()


def needs_nothing(inside: asking.Inside, rule: str) -> bool:
    """Whether whoever has a token may read it: documents that clients find their way by."""
    (endpoint,) = {
        one.endpoint
        for one in inside.app.url_map.iter_rules()
        if one.rule == rule and 'GET' in (one.methods or ())
    }
    return getattr(inside.app.view_functions[endpoint], 'needs', None) == ''


AWAY = 'mysql+pymysql://me:secret@127.0.0.1:1/recovery'


@pytest.mark.parametrize('away', ['database', 'cloud'])
def test_what_is_away_is_trouble_of_ours_and_no_mistake(
    away: str, stage: Stage, known: tuple[str, ...]
) -> None:
    here = stage.process(f'no-{away}', 'api')
    client = Client(app.build(here))
    if away == 'database':
        here.store = Store(AWAY, stage.clock, busy_seconds=1.0)
    else:
        here._compute = Once(_no_cloud)
    for method, rule in ROUTES:
        body = MASAKARI if rule.startswith('/v1') else {'kind': 'host-down', 'subject': HOSTS[1]}
        key = next((key for key in MASAKARI if f'{key}s' == rule.rpartition('/')[2]), None)
        more: dict[str, Any] = {'json': {key: MASAKARI[key]} if key else body}
        path = re.sub('<[^>]*>', known[0], rule)
        answer = stage.ask(partial(client.open, path, method=method, **more))
        assert answer.status_code < 500 or answer.status_code == 503, (rule, answer.text)
        assert 'secret' not in answer.text
        if answer.status_code == 503 and not rule.startswith(('/healthcheck', PAGE[1])):
            assert 'Retry-After' in answer.headers, rule
        if away == 'cloud' and method == 'GET' and rule.startswith('/v1'):
            assert answer.status_code < 500, f'{rule} reads from the database alone'


def _no_cloud() -> ComputeDriver:
    raise Unreachable('Nova did not answer')


def test_every_room_is_asked() -> None:
    found = {rule.split('/')[1] for _method, rule in ROUTES}
    assert {'v1', 'recovery', 'ui', 'alarms', 'healthcheck', ''} <= found
