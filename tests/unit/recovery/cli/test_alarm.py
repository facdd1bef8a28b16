"""alarm raise, list, show, decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.recovery.cli.conftest import Site
from tests.unit.recovery.cli.site import Operator, operator


def test_raise_is_stored_decided_and_followed(site: Site) -> None:
    done = site.run('alarm', 'raise', 'host-down', 'compute-01', '--evidence', '{"ping": "lost"}')
    assert done.code == 4, done.err  # the simulated host is up: Nova disagrees
    held = site.run.rows('recovery')[0]
    assert held['id'] in done.out
    assert done.out.startswith('hold: ')
    assert f'next: recovery approve {held["id"][:8]}' in done.out
    row = site.run('alarm', 'list', '-f', 'json').json[0]
    assert (row['Source'], row['Answer'], row['Recovery']) == ('cli', 'hold', held['id'])
    shown = site.run('alarm', 'show', row['ID'][:8], '-f', 'json').json
    assert shown['evidence'] == {'ping': 'lost'}
    assert shown['decisions'][0]['gates']
    assert 'hold' in site.run('alarm', 'show', row['ID']).out
    history = site.run('history', held['id'], '-f', 'json').json
    assert {'alarm', 'decision', 'event'} <= {entry['Sort'] for entry in history}
    assert [entry['Who'] for entry in history if entry['Sort'] == 'alarm'] == ['bob']


def test_raise_again_with_the_same_key_is_the_same_alarm(site: Site) -> None:
    first = site.run('alarm', 'raise', 'host-down', 'compute-01', '--key', '7')
    again = site.run('alarm', 'raise', 'host-down', 'compute-01', '--key', '7')
    assert 'as before' in again.out
    assert (first.code, again.code) == (4, 4)
    assert len(site.run.rows('recovery')) == 1
    assert site.run.rows('alarm')[0]['repeats'] == 1


def test_an_unknown_host_is_ignored_with_names_that_may_be_meant(site: Site) -> None:
    done = site.run('alarm', 'raise', 'host-down', 'compute-1')
    assert done.code == 1
    assert 'compute-01' in done.out
    assert site.run.rows('recovery') == []


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['host-gone', 'compute-01'], "no failure kind 'host-gone'"),
        (['host-down', ' '], 'no subject'),
        (['host-down', 'compute-01', '--evidence', 'ping'], 'no JSON'),
        (['host-down', 'compute-01', '--evidence', '[1]'], 'JSON object'),
        (['host-down', 'compute-01', '--at', 'teatime'], 'ISO 8601'),
        (['host-down', 'x' * 300], '255 are allowed'),
    ],
)
def test_a_malformed_alarm_is_a_usage_error(site: Site, words: list[str], said: str) -> None:
    done = site.run('alarm', 'raise', *words)
    assert (done.code, done.out) == (2, '')
    assert said in done.err
    assert site.run.rows('alarm') == []


def test_without_a_cloud_the_alarm_is_held_not_lost(run: Operator) -> None:
    done = run('alarm', 'raise', 'host-down', 'compute-01')
    assert done.code == 4
    assert 'recovery doctor' in done.out
    assert len(run.rows('alarm')) == 1


def test_without_a_database_it_is_not_taken(tmp_path: Path) -> None:
    with operator(tmp_path, schema=False) as run:
        assert run('alarm', 'raise', 'host-down', 'compute-01').code == 5


def test_decide_asks_again_about_what_was_ignored(site: Site) -> None:
    site.run('alarm', 'raise', 'host-down', 'compute-9')
    ignored = site.run.rows('alarm')[0]['id']
    with site.world:
        site.world.add_host('compute-9')
    done = site.run('alarm', 'decide', ignored[:8], '--yes')
    assert done.code == 4, done.err
    assert len(site.run.rows('recovery')) == 1
    again = site.run('alarm', 'decide', ignored, '--yes')
    assert again.code == 1
    assert 'next: recovery show' in again.err
