"""Every command through the API does and prints what it does and prints at the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from drivers.clock import SystemClock
from recovery import plugins
from recovery.api import app
from recovery.cli import options
from recovery.cli.context import API
from tests.unit.recovery.cli.site import Operator, Result, cloud, operator

HELD, DONE, WAITS = (letter * 8 + '-0000-0000-0000-000000000000' for letter in 'abc')
YES = ('--yes', '--reason', 'I said so')
#: What is of one moment or of one database.
MOMENTS = (
    (re.compile(r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?'), 'WHEN'),
    (re.compile(r'\d+(\.\d)? (s|min|h|d)\b( \d+ (s|min|h))?'), 'SPAN'),
    (re.compile(r'[0-9a-f]{64}'), 'DIGEST'),
    (re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'), 'ID'),
    (re.compile(r'\b[0-9a-f]{8}\b'), 'ID'),
    (re.compile(r'"silent": [0-9.]+'), 'SILENT'),
    (re.compile(r'\b\d+\.\d+\b'), 'NUMBER'),
    (re.compile(r' {2,}|-{2,}'), ' '),  # columns are as wide as what is in them
)


class Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    def log(self, *_arguments: Any) -> None:
        return


class Both:
    """The same command at two sites that are alike: at the database, and through the API."""

    def __init__(
        self, here: Operator, there: Operator, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.here = here
        self.there = there
        self._url = url
        self._patch = monkeypatch

    def seed(self, make: Callable[[Operator], Any]) -> None:
        make(self.here)
        make(self.there)

    def __call__(self, *words: str) -> Result:
        """What the command did at the database; fails if the API's way differs."""
        one = self.here(*words)
        other = self.remote(*words)
        assert plain(other.out).splitlines() == plain(one.out).splitlines()
        assert plain(other.err) == plain(one.err)
        assert other.code == one.code
        return one

    def remote(self, *words: str) -> Result:
        """Through the API alone, with a configuration that knows no database."""
        with self._patch.context() as patch:
            patch.setenv(API, self._url)
            patch.delenv('OS_CLOUD', raising=False)
            patch.delenv('OS_AUTH_URL', raising=False)
            nothing = self.there.folder / 'nothing.conf'
            nothing.write_text('[database]\nconnection = sqlite:////nowhere/at/all\n')
            kept, self.there.config = self.there.config, nothing
            try:
                return self.there(*words)
            finally:
                self.there.config = kept

    def events(self) -> None:
        """What both databases tell has to be the same."""
        told = [
            [(row['who'], plain(row['what']), plain(row['why'])) for row in run.rows('event')]
            for run in (self.here, self.there)
        ]
        assert told[0] == told[1]


def plain(text: str) -> str:
    for pattern, word in MOMENTS:
        text = pattern.sub(word, text)
    return text


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    clock = SystemClock()
    with ExitStack() as stack:
        _world, more = stack.enter_context(cloud(tmp_path))
        runs = []
        for name in ('here', 'there'):
            (tmp_path / name).mkdir()
            more_of_it = f'{more}[api]\nauth = noauth\n'
            runs.append(stack.enter_context(operator(tmp_path / name, more_of_it)))
        here, there = runs
        conf = options.load([str(there.config)], [], {})
        site = plugins.open_site(conf, clock, there.store)
        server = make_server('127.0.0.1', 0, app.build(site), threaded=True, request_handler=Quiet)
        ended = clock.spawn('api', server.serve_forever)
        try:
            yield Both(here, there, f'http://127.0.0.1:{server.port}', monkeypatch)
        finally:
            server.shutdown()
            server.server_close()
            clock.wait(ended, 5.0)


def seed(run: Operator) -> None:
    """One recovery that is held, one that ended, one that waits; and more."""
    now = run.store.clock.now()
    run.recovery('compute-01', 'held', id=HELD, code='held', next_check=9e9, created_at=now - 3)
    run.add(
        'decision', recovery=HELD, stage='intake', answer='hold', gate='mass-failure',
        reason='held', at=now,
        gates=[
            {'gate': name, 'question': '?', 'inputs': {}, 'answer': 'hold', 'reason': f'{name}!',
             'verb': 'recovery unpause', 'approved': False}
            for name in ('mass-failure', 'foreign')
        ],
    )  # fmt: skip
    run.recovery('compute-02', 'done-with-failures', id=DONE, created_at=now - 7)
    for number, state in enumerate(('moved', 'failed', 'left')):
        run.add(
            'item', recovery=DONE, instance=f'{number}' * 8 + '-0000-0000-0000-000000000000',
            name=f'vm-{number}', source='compute-02', state=state, reason='why', round=1,
            vm_state='active', keep_stopped=False, priority=0, started_at=now - 5,
            ended_at=now - 2, destination='compute-03',
        )  # fmt: skip
    run.add('event', recovery=DONE, at=now - 1, who='w', what='ended', why='all looked at')
    run.add(
        'alarm', id=WAITS, source='hw', key='k', kind='host-down', subject='compute-02', at=now,
        arrived_at=now, evidence={'ping': 'lost'}, raw='', requested_by='hw', repeats=0,
        answer='ignore', reason='why not', recovery=None,
    )  # fmt: skip
    for name in ('worker-a', 'worker-b'):
        run.add('worker', name=name, kind='worker', host='ctl', pid=1, version='1',
                started_at=now, seen_at=now)  # fmt: skip
    run.add(
        'fence_path', host='compute-01', off_works=True, on_works=None, verdict='well: fine',
        at=now, since=now,
        devices=[{'name': 'bmc', 'level': 1, 'kind': 'sim', 'address': 'a', 'power': 'on',
                  'identity': None, 'health': 'ok', 'error': ''}],
    )  # fmt: skip


READS = [
    ('list',), ('list', '--all'), ('list', '-f', 'json'), ('list', '--state', 'held'),
    ('list', '--host', 'compute-02', '--since', '1h'), ('list', '--since', '1s', '--state', 'done'),
    ('show', HELD), ('show', DONE[:8]), ('show', HELD, '-f', 'json'), ('show', DONE, '-f', 'yaml'),
    ('items', DONE), ('items', DONE, '--state', 'failed', '-f', 'json'), ('items', HELD),
    ('history', DONE), ('history', HELD, '-f', 'json'), ('history', HELD, '--sort', 'decision'),
    ('graph', HELD), ('graph', DONE, '-f', 'dot'), ('graph', 'host-down', '-f', 'mermaid'),
    ('graph', HELD, '-f', 'svg'), ('bundle', DONE), ('bundle', '--alarm', WAITS),
    ('alarm', 'list'), ('alarm', 'list', '--answer', 'hold', '-f', 'json'),
    ('alarm', 'list', '--all', '-f', 'json'), ('alarm', 'show', WAITS),
    ('alarm', 'show', WAITS, '-f', 'json'), ('host', 'list'), ('host', 'list', '-f', 'json'),
    ('host', 'show', 'compute-01'), ('host', 'show', 'compute-01', '-f', 'json'),
    ('window', 'list', '--all'), ('fence', 'status'), ('fence', 'status', '-f', 'json'),
    ('fence', 'status', 'compute-01'), ('fence', 'status', 'compute-01', '-f', 'json'),
    ('worker', 'list'), ('worker', 'list', '-f', 'json'), ('plan', 'compute-03'),
    ('plan', 'compute-03', '-f', 'json'), ('plan', 'compute-99'), ('doctor', '-f', 'json'),
    ('policy', 'list'), ('flow', 'list'), ('watch', HELD),
]  # fmt: skip
#: What there is not, or must not be done.
WRONG = [
    ('show', 'ffff'), ('items', 'ffff'), ('history', 'ffff'), ('graph', 'ffff'),
    ('bundle', 'ffff'), ('alarm', 'show', 'ffff'), ('host', 'show', 'compute-99'),
    ('fence', 'status', 'compute-99'), ('list', '--state', 'odd'), ('list', '--since', 'odd'),
    ('approve', 'ffff', *YES), ('approve', DONE, *YES), ('reject', DONE, *YES),
    ('rerun', HELD, *YES), ('settle', HELD, 'vm', '--as', 'moved', *YES),
    ('cancel', DONE, '--undo', *YES), ('unpause', *YES), ('arm', '--host', 'compute-01', *YES),
    ('window', 'close', 'ffff', *YES), ('host', 'maintenance', 'compute-01', 'off', *YES),
    ('host', 'maintenance', 'compute-01', 'on', '--yes'), ('worker', 'drain', 'nobody', *YES),
    ('alarm', 'decide', 'ffff', *YES), ('confirm-fenced', 'compute-01', *YES),
    ('cancel', HELD, '--leave', '--yes', '--reason', ' '), ('host', 'set', 'compute-01', '--yes'),
    ('window', 'add', '--end', '1', *YES), ('approve', HELD),
]  # fmt: skip
#: In order, each on what the one before left.
ORDERS = [
    ('approve', HELD, *YES), ('cancel', HELD, '--leave', *YES), ('rerun', DONE, *YES),
    ('rerun', HELD, '--items', 'all', '--yes'), ('cancel', HELD, '--undo', *YES),
    ('alarm', 'raise', 'host-down', 'compute-99', '--key', 'x'),
    ('alarm', 'raise', 'host-down', 'compute-99', '--key', 'x', '--evidence', '{"a": [1]}'),
    ('alarm', 'raise', 'host-down', 'compute-03', '--at', '2031-05-17T03:10:22'),
    ('alarm', 'decide', WAITS, *YES),
    ('pause', *YES), ('pause', *YES), ('pause', '--host', 'compute-01', *YES),
    ('unpause', '--host', 'compute-01', *YES), ('unpause', '--yes'),
    ('disarm', '--segment', 'rack-1', *YES), ('arm', '--segment', 'rack-1', *YES),
    ('host', 'set', 'compute-01', '--segment', 'rack-1', '--carries', 'bus', *YES),
    ('host', 'set', 'compute-01', '--no-segment', '--yes'),
    ('host', 'maintenance', 'compute-01', 'on', *YES), ('host', 'show', 'compute-01'),
    ('host', 'maintenance', 'compute-01', 'off', '--yes'), ('host', 'return', 'compute-01', *YES),
    ('window', 'add', '--host', 'compute-01', '--last', '1h', *YES), ('window', 'list'),
    ('worker', 'drain', 'worker-a', *YES), ('worker', 'list'),
    ('worker', 'drain', 'worker-b', *YES), ('worker', 'drain', '--all', '--undo', *YES),
    ('list', '--all', '-f', 'json'), ('history', HELD, '-f', 'json'),
]  # fmt: skip


def test_what_is_shown(both: Both) -> None:
    both.seed(seed)
    for words in READS:
        assert both(*words).out, words


def test_what_is_refused(both: Both) -> None:
    both.seed(seed)
    for words in WRONG:
        assert both(*words).code in (1, 2), words
    both.events()


def test_what_is_ordered(both: Both) -> None:
    both.seed(seed)
    for words in ORDERS:
        both(*words)
    for run in (both.here, both.there):
        window = run.rows('window')[0]['id']
        done = run('window', 'close', window, '--yes') if run is both.here else both.remote(
            'window', 'close', window, '--yes'
        )  # fmt: skip
        assert done.out == f'window {window[:8]} of host compute-01 is closed\n'
    both.events()


def test_an_instance_is_settled(both: Both) -> None:
    def waits(run: Operator) -> None:
        run.recovery('compute-01', 'waiting', id=WAITS, code='unsettled')
        run.item(WAITS, 'vm', 'unsettled')

    both.seed(waits)
    assert both('settle', WAITS, 'vm', '--as', 'moved', *YES).code == 0
    both.events()


def test_a_word_is_taken(both: Both) -> None:
    """As far as a host that lives allows: it is refused with the same sentence."""
    both.seed(
        lambda run: run.recovery(
            'compute-01', 'waiting', id=WAITS, code='fence-exhausted', phase='fence'
        )
    )
    assert 'is not off' in both('confirm-fenced', 'compute-01', *YES).err
    assert both.remote('confirm-fenced', 'compute-01', '--force', *YES).code == 1


def test_long_lists_are_read_to_their_end(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('recovery.cli.there.PAGE', 2)
    both.seed(seed)
    for words in (('list', '--all'), ('items', DONE), ('host', 'list'), ('history', HELD),
                  ('worker', 'list'), ('alarm', 'list')):  # fmt: skip
        assert both(*words, '-f', 'json').code == 0


@pytest.mark.parametrize(
    'words',
    [('db', 'check'), ('db', 'upgrade', '--yes'), ('job', 'list'), ('fence', 'test', '--all'),
     ('host', 'check', 'compute-01'), ('plan', 'compute-01', '--record', 'x.json')],
)  # fmt: skip
def test_what_needs_the_database_says_so(both: Both, words: tuple[str, ...]) -> None:
    done = both.remote(*words)
    assert (done.code, done.out) == (2, '')
    assert 'this needs the database' in done.err
    assert done.err.count('\n') == 1


def test_the_name_of_another_is_not_taken(both: Both) -> None:
    done = both.remote('alarm', 'raise', 'host-down', 'compute-01', '--by', 'root')
    assert (done.code, both.there.rows('alarm')) == (2, [])
    assert '--by' in done.err
