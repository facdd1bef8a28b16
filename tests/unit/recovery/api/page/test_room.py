"""The pages, as a text browser gets them."""

from __future__ import annotations

import html
import re

import pytest

from recovery.db import workers
from recovery.site import Identity
from tests.unit.recovery.api.page.conftest import Reader

NOBODY = '00000000-0000-4000-8000-000000000000'


def text(answer: str) -> str:
    """What a text browser shows."""
    return html.unescape(' '.join(re.sub(r'<[^>]*>', ' ', answer).split()))


def section(answer: str, name: str) -> str:
    found = re.search(rf'<section id="{name}".*?</section>', answer, re.DOTALL)
    assert found is not None, answer
    return text(found[0])


def test_nothing_happens_and_nobody_is_there_to_do_it(reader: Reader) -> None:
    page = reader.get()
    assert (page.status_code, page.mimetype) == (200, 'text/html')
    assert 'Nothing.' in section(page.text, 'people')
    idle = 'No worker and no watcher lives: start recovery-worker and recovery-watcher.'
    assert idle in section(page.text, 'idle')
    assert page.text.index('id="idle"') < page.text.index('id="people"')


def test_the_process_that_shows_it_recovers_nothing(reader: Reader) -> None:
    def lives(kind: str) -> None:
        workers.seen(reader.run.store, Identity(f'{kind}-1', kind, 'controller-1', 7))

    lives('api')
    assert 'No worker and no watcher lives' in section(reader.get().text, 'idle')
    lives('worker')
    assert 'No watcher lives: start recovery-watcher.' in section(reader.get().text, 'idle')
    lives('standalone')
    assert 'id="idle"' not in reader.get().text


def test_each_live_recovery_is_where_it_belongs(reader: Reader) -> None:
    run = reader.run
    run.recovery('compute-01', 'running', worker='w1')
    run.recovery('compute-02', 'held', code='nova', reason='Nova is not sure',
                 verb='recovery approve X', next_check=9e9)  # fmt: skip
    run.recovery('compute-03', 'waiting', reason='the BMC is dead', verb='recovery rerun Y')
    run.recovery('compute-04', 'done', ended_at=run.store.clock.now() - 60)
    page = reader.get().text
    assert 'is being run by w1' in section(page, 'running')
    assert 'Nova is not sure' in section(page, 'held')
    assert 'recovery approve X' in section(page, 'held')
    assert 'the BMC is dead; only a human moves it next: recovery rerun Y' in section(
        page, 'people'
    )
    assert 'compute-04' in section(page, 'ended')
    assert 'compute-03 none' not in page
    assert 'compute-03' in section(page, 'hosts')


@pytest.mark.parametrize(
    ('code', 'where'),
    [('storm', 'held'), ('window', 'held'), ('records', 'held'), ('blast-radius', 'people')],
)
def test_a_gate_that_ends_by_itself_wants_no_human(reader: Reader, code: str, where: str) -> None:
    identifier = reader.run.recovery(state='held', code=code, reason='so', next_check=9e9)
    assert f'next: recovery approve {identifier[:8]}' in section(reader.get().text, where)
    shown = reader.client.get(f'/recovery/v1/recoveries/{identifier}').json
    assert shown is not None
    assert shown['waits_for_human'] is (where == 'people')


def test_an_instance_is_named(reader: Reader) -> None:
    identifier = reader.run.recovery(
        state='held', code='restarts', kind='instance-down', subject=NOBODY, open_key='i'
    )
    assert f'{NOBODY}: ' in section(reader.get().text, 'people')
    assert f'({NOBODY}) held' in section(reader.get(f'/recoveries/{identifier}').text, 'now')


def test_what_holds_everything_back_comes_first(reader: Reader) -> None:
    assert reader.run('pause', '--yes', '--reason', 'new switches').code == 0
    page = reader.get().text
    assert 'paused by bob: new switches next: recovery unpause' in section(page, 'switches')
    assert page.index('id="switches"') < page.index('id="people"')


def test_one_recovery_its_steps_and_its_story(reader: Reader) -> None:
    run = reader.run
    identifier = run.recovery('compute-01', 'waiting', reason='off is not read', verb='recovery X')
    run.add('event', recovery=identifier, at=1000.0, who='w1', what='asked off', why='no answer')
    run.item(identifier, 'web-1', 'left')
    page = reader.get(f'/recoveries/{identifier[:8]}').text
    assert 'off is not read' in section(page, 'now')
    assert 'power-off' in section(page, 'steps')
    assert 'web-1 left' in section(page, 'items')
    assert 'w1: asked off; no answer' in section(page, 'story')
    drawn = reader.get(f'/recoveries/{identifier}/graph.svg')
    assert (drawn.mimetype, 'power-off' in drawn.text) == ('image/svg+xml', True)


def test_one_host(reader: Reader) -> None:
    run = reader.run
    run.recovery('compute-01', 'done', ended_at=1000.0)
    assert run('host', 'maintenance', 'compute-01', 'on', '--yes', '--reason', 'fans').code == 0
    page = reader.get('/hosts/compute-01').text
    assert 'maintenance by bob: fans' in section(page, 'host')
    assert 'host-down' in section(page, 'recoveries')


@pytest.mark.parametrize('path', [f'/recoveries/{NOBODY}', '/recoveries/%25', '/hosts/nobody'])
def test_what_is_not_there_is_said(reader: Reader, path: str) -> None:
    page = reader.get(path)
    assert (page.status_code, page.mimetype) == (404, 'text/html')
    assert 'nobody' in page.text or 'there is no recovery' in text(page.text)


def test_names_from_outside_are_text(reader: Reader) -> None:
    bad = '<script>alert(1)</script>'
    identifier = reader.run.recovery(bad, 'waiting', reason=bad, verb=bad)
    for path in ('', f'/recoveries/{identifier}', f'/hosts/{bad.replace("/", "%2F")}'):
        assert '<script>alert' not in reader.get(path).text
    assert '<script>alert' not in reader.get(f'/recoveries/{identifier}/graph.svg').text


@pytest.mark.parametrize('path', ['', '/static/live.js', '/static/page.css', '/static/icon.svg'])
def test_nothing_is_loaded_from_elsewhere(reader: Reader, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code == 200
    assert re.findall(r'https?://(?!www\.w3\.org/)', answer.text) == []
    assert "default-src 'none'" in answer.headers['Content-Security-Policy']


def test_it_only_reads(reader: Reader) -> None:
    assert reader.client.post('/ui').status_code == 405


def test_what_a_reader_has_is_not_sent_again(reader: Reader) -> None:
    identifier = reader.run.recovery('compute-01', 'done', ended_at=1000.0)
    first = reader.get(f'/recoveries/{identifier}/graph.svg')
    again = reader.get(f'/recoveries/{identifier}/graph.svg', If_None_Match=first.headers['ETag'])
    assert (again.status_code, again.text) == (304, '')
