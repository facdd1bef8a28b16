"""The alert agent of Pacemaker, run as Pacemaker runs it, against a server that listens."""

from __future__ import annotations

import ast
import contextlib
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from drivers.alarms.generic import GenericAlarms
from drivers.contracts.alarms import Heard, Post

TOP = Path(__file__).resolve().parent.parent.parent
AGENT = TOP / 'etc' / 'pacemaker' / 'recovery-pacemaker-alert'
DELIVERED, AWAY, REFUSED = 0, 1, 2

#: As Pacemaker 2.1 sets it for a node that was lost; names and forms are those of its manual.
LOST = {
    'CRM_alert_version': '2.1.5',
    'CRM_alert_kind': 'node',
    'CRM_alert_node': 'compute-01',
    'CRM_alert_nodeid': '3',
    'CRM_alert_desc': 'lost',
    'CRM_alert_node_sequence': '12',
    'CRM_alert_timestamp': '10:00:00.123456',
    'CRM_alert_timestamp_epoch': '1900000000',
    'CRM_alert_timestamp_usec': '123456',
}
FENCED = LOST | {
    'CRM_alert_kind': 'fencing',
    'CRM_alert_desc': 'Operation reboot of compute-01 by controller-1 for pacemaker-controld.7: OK',
    'CRM_alert_task': 'reboot',
    'CRM_alert_rc': '0',
    'CRM_alert_node_sequence': '13',
}


class Door(ThreadingHTTPServer):
    """Keeps what is posted, and answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), Handler)
        self.posts: list[tuple[str, Mapping[str, str], Any]] = []
        self.answers: list[int | bytes] = []  # bytes: instead of an answer of HTTP
        self.answered = 0
        self.deaf = threading.Event()  # while it is clear, nobody answers
        self.deaf.set()

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.server_port}/alarms/pacemaker'


class Handler(BaseHTTPRequestHandler):
    server: Door

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.server.posts.append((self.path, dict(self.headers), json.loads(body)))
        self.server.deaf.wait(60)
        self.server.answered += 1
        answer = self.server.answers.pop(0) if self.server.answers else 202
        if isinstance(answer, bytes):
            self.wfile.write(answer)
            self.close_connection = True
            return
        self.send_response(answer)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@contextlib.contextmanager
def opened() -> Iterator[Door]:
    server = Door()
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.deaf.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def door() -> Iterator[Door]:
    with opened() as server:
        yield server


@pytest.fixture
def other() -> Iterator[Door]:
    with opened() as server:
        yield server


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / 'token'
    path.write_text('of-the-cluster-0123456789\n')
    path.chmod(0o600)
    return path


def run(event: Mapping[str, str], to: str, secret: Path | None = None, **options: str) -> Any:
    """As Pacemaker does: no arguments, everything in the environment."""
    environment = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'seconds': '6', **event}
    environment |= {'CRM_alert_recipient': to} if to else {}
    environment |= {'token_file': str(secret)} if secret else {}
    return subprocess.run(
        [sys.executable, AGENT], env=environment | options, capture_output=True, text=True,
        timeout=30,
    )  # fmt: skip


def test_a_lost_node_is_an_alarm(door: Door, secret: Path) -> None:
    done = run(LOST, door.url, secret)
    assert (done.returncode, door.posts[0][0]) == (DELIVERED, '/alarms/pacemaker'), done.stderr
    ((_path, headers, body),) = door.posts
    assert headers['Authorization'] == 'Bearer of-the-cluster-0123456789'
    assert (body['what'], body['host'], body['at']) == ('lost', 'compute-01', 1900000000)
    assert body['key'].startswith('compute-01/lost/1900000000/12/')
    assert 'of-the-cluster' not in done.stderr


def test_a_fenced_node_is_evidence_at_another_door(door: Door, secret: Path) -> None:
    assert run(FENCED, door.url, secret).returncode == DELIVERED
    ((path, _headers, body),) = door.posts
    assert path == '/alarms/pacemaker-fencing'
    assert (body['what'], body['host'], body['action']) == ('fenced', 'compute-01', 'reboot')
    assert 'by controller-1' in body['description']


def test_where_fencing_is_told_can_be_chosen(door: Door) -> None:
    assert run(FENCED, door.url, fencing_url=f'{door.url}/elsewhere').returncode == DELIVERED
    assert [path for path, *_ in door.posts] == ['/alarms/pacemaker/elsewhere']
    assert run(FENCED, door.url, fencing_url='none').returncode == DELIVERED
    assert len(door.posts) == 1


@pytest.mark.parametrize(
    'event',
    [
        LOST | {'CRM_alert_desc': 'member'},
        FENCED | {'CRM_alert_rc': '1'},
        FENCED | {'CRM_alert_rc': ''},
        FENCED | {'CRM_alert_task': 'on'},
        LOST | {'CRM_alert_kind': 'resource', 'CRM_alert_rsc': 'vip', 'CRM_alert_task': 'stop'},
        LOST | {'CRM_alert_kind': 'attribute', 'CRM_alert_attribute_name': 'pingd'},
        LOST | {'CRM_alert_node': ''},
        {},
    ],
)
def test_everything_else_is_passed_over(door: Door, event: Mapping[str, str]) -> None:
    done = run(event, door.url)
    assert (done.returncode, done.stderr, door.posts) == (DELIVERED, '', [])


def test_it_is_tried_again_with_the_same_key(door: Door, secret: Path) -> None:
    door.answers = [503, 500]
    assert run(LOST, door.url, secret, seconds='20').returncode == DELIVERED
    keys = [body['key'] for *_, body in door.posts]
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_the_next_url_takes_it(door: Door) -> None:
    done = run(LOST, f'http://127.0.0.1:1/alarms/pacemaker, {door.url}')
    assert done.returncode == DELIVERED
    assert len(door.posts) == 1


@pytest.mark.parametrize('status', [301, 400, 401, 404])
def test_a_definite_no_is_not_asked_again(door: Door, status: int) -> None:
    door.answers = [status]
    done = run(LOST, door.url)
    assert (done.returncode, len(door.posts)) == (REFUSED, 1)
    assert f'answered {status}' in done.stderr


def test_one_that_refuses_leaves_the_others(door: Door, other: Door, secret: Path) -> None:
    """A replica with an old secret."""
    door.answers, other.answers = [401], [503]
    done = run(LOST, f'{door.url},{other.url}', secret, seconds='20')
    assert done.returncode == DELIVERED, done.stderr
    assert (len(door.posts), len(other.posts)) == (1, 2), 'who refused is not asked again'
    assert f'{door.url} answered 401' in done.stderr


def test_all_refuse(door: Door, other: Door) -> None:
    door.answers, other.answers = [401], [403]
    done = run(LOST, f'{door.url},{other.url}')
    assert (done.returncode, len(door.posts), len(other.posts)) == (REFUSED, 1, 1)
    assert done.stderr.splitlines()[-1].endswith(f'not delivered: {other.url} answered 403: ')


@pytest.mark.parametrize('nonsense', [b'nonsense\r\n\r\n', b'HTTP/1.1 100000 Odd\r\n\r\n', b''])
def test_what_is_no_answer_is_asked_again(door: Door, nonsense: bytes) -> None:
    door.answers = [nonsense]
    done = run(LOST, door.url, seconds='20')
    assert (done.returncode, len(door.posts)) == (DELIVERED, 2), done.stderr
    assert 'Traceback' not in done.stderr


def test_a_refusal_that_breaks_off_is_one(door: Door) -> None:
    door.answers = [b'HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n']
    done = run(LOST, door.url)
    assert (done.returncode, len(door.posts)) == (REFUSED, 1)
    assert 'answered 401' in done.stderr
    assert 'Traceback' not in done.stderr


def test_nobody_there_ends() -> None:
    done = run(LOST, 'http://127.0.0.1:1/alarms/pacemaker', seconds='3')
    assert done.returncode == AWAY
    assert 'not delivered' in done.stderr
    assert 'Traceback' not in done.stderr


def test_it_is_tried_again_until_its_time_is_over(door: Door) -> None:
    door.answers = [503] * 100
    assert run(LOST, door.url, seconds='3').returncode == AWAY
    assert 2 <= len(door.posts) < 100


def test_a_door_that_takes_and_never_answers_ends(door: Door) -> None:
    door.deaf.clear()
    assert run(LOST, door.url, seconds='3').returncode == AWAY
    assert (len(door.posts), door.answered) == (1, 0), 'it ended before anybody answered'


@pytest.mark.parametrize(
    ('to', 'options', 'says'),
    [
        ('', {}, 'the alert has no recipient'),
        ('recovery.example.com', {}, 'is no URL'),
        ('http://127.0.0.1:1/', {'seconds': 'soon'}, "seconds = 'soon'"),
        ('http://127.0.0.1:1/', {'token_file': '/nonexistent'}, 'token_file: '),
        ('https://127.0.0.1:1/', {'ca_file': '/nonexistent'}, 'ca_file: '),
    ],
)
def test_what_is_wrongly_configured_is_one_sentence(
    to: str, options: dict[str, str], says: str
) -> None:
    done = run(LOST, to, None, **options)
    assert done.returncode == REFUSED
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(('text', 'mode', 'says'), [
    ('of-the-cluster-0123456789', 0o644, 'may be read by everybody'),
    ('', 0o600, 'has no token'),
    ('two words', 0o600, 'has no token'),
])  # fmt: skip
def test_a_token_that_cannot_be_used(
    door: Door, secret: Path, text: str, mode: int, says: str
) -> None:
    secret.write_text(text)
    secret.chmod(mode)
    done = run(LOST, door.url, secret)
    assert (done.returncode, door.posts) == (REFUSED, [])
    assert says in done.stderr


def test_it_is_written_for_the_python_of_old_clusters() -> None:
    """Nothing newer than 3.6, and nothing but the standard library."""
    tree = ast.parse(AGENT.read_text(), feature_version=(3, 6))
    imported = {
        alias.name.partition('.')[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imported <= set(sys.stdlib_module_names)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def documented() -> Mapping[str, Any]:
    """The sources that the guide asks for."""
    text = (TOP / 'doc' / 'guide' / 'bus.md').read_text()
    blocks = re.findall(r'```yaml\n(.*?)```', text, re.DOTALL)
    found: Mapping[str, Any] = yaml.safe_load(blocks[0])['sources']
    return found


@pytest.mark.parametrize(
    ('event', 'source', 'other'),
    [(LOST, 'pacemaker', 'pacemaker-fencing'), (FENCED, 'pacemaker-fencing', 'pacemaker')],
)
def test_the_sources_of_the_guide_read_what_is_posted(
    door: Door, event: Mapping[str, str], source: str, other: str
) -> None:
    run(event, door.url)
    ((path, _headers, body),) = door.posts
    assert path == f'/alarms/{source}'
    assert not list(GenericAlarms.objections(documented()[source]['settings']))
    heard = read(source, body)
    (alarm,) = heard.alarms
    assert (alarm.source, alarm.kind, alarm.subject) == (source, 'host-down', 'compute-01')
    assert alarm.key.startswith(body['key'])
    assert alarm.at == 1900000000
    assert heard.wrong == ()
    assert read(other, body).alarms == ()


def read(source: str, body: Any) -> Heard:
    driver = GenericAlarms.build(documented()[source]['settings'])
    return driver.read(Post(source, body, {}, 1900000001.0))
