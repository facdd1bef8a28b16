"""bundle: written, shown, checked; never over another file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.recovery.cli.conftest import Site
from tests.unit.recovery.cli.site import Operator


@pytest.fixture
def name(site: Site, tmp_path: Path) -> str:
    """A bundle of a held recovery."""
    assert site.run('alarm', 'raise', 'host-down', 'compute-01').code == 4
    path = str(tmp_path / 'bundle.json')
    done = site.run('bundle', identifier(site)[:8], '--output', path)
    assert done.code == 0, done.err
    assert 'sha256 ' in done.out
    return path


def identifier(site: Site) -> str:
    return str(site.run.rows('recovery')[0]['id'])


def test_it_is_json_for_its_owner_and_checked(site: Site, name: str) -> None:
    document = json.loads(Path(name).read_text())
    assert document['body']['recovery']['id'] == identifier(site)
    assert Path(name).stat().st_mode & 0o777 == 0o600
    done = site.run('bundle', '--check', name)
    assert (done.code, done.err) == (0, '')
    assert 'as it was written: host-down of compute-01, held' in done.out
    assert document['digest']['whole'] in done.out
    again = site.run('bundle', identifier(site), '--output', name)
    assert (again.code, 'is there already' in again.err) == (2, True)


def test_without_a_file_it_goes_to_the_terminal(site: Site, name: str) -> None:
    shown = json.loads(site.run('bundle', identifier(site)).out)
    assert shown['body']['recovery'] == json.loads(Path(name).read_text())['body']['recovery']


def test_a_change_is_named(site: Site, name: str) -> None:
    path = Path(name)
    path.write_text(path.read_text().replace('Nova still sees it alive', 'Nova sees it dead'))
    done = site.run('bundle', '--check', name)
    assert done.code == 1
    assert 'section decisions was changed' in done.out


def test_a_bundle_is_compared_with_the_database(site: Site, name: str) -> None:
    assert site.run('bundle', identifier(site), '--check', name).code == 0
    site.run('reject', identifier(site), '--yes', '--reason', 'no')
    assert site.run('bundle', '--check', name).code == 0
    done = site.run('bundle', identifier(site), '--check', name)
    assert done.code == 1
    assert 'the database has another recovery' in done.out


@pytest.mark.parametrize(
    ('words', 'code', 'said'),
    [
        ([], 2, 'name a recovery'),
        (['7777'], 1, "no recovery '7777'"),
        (['--check', '/nowhere/at.all'], 2, 'cannot be read'),
        (['--check', '/dev/null', '--output', 'x'], 2, 'writes nothing'),
        (['--check', '/dev/null'], 2, 'is no JSON'),
    ],
)
def test_what_cannot_be_done(run: Operator, words: list[str], code: int, said: str) -> None:
    done = run('bundle', *words)
    assert (done.code, said in done.err) == (code, True), done.err


def test_a_folder_that_is_not_there(site: Site, name: str) -> None:
    done = site.run('bundle', identifier(site), '--output', '/nowhere/bundle.json')
    assert (done.code, 'cannot be written' in done.err) == (2, True)


def test_an_alarm_that_was_ignored_has_a_bundle_too(site: Site, tmp_path: Path) -> None:
    assert site.run('alarm', 'raise', 'host-down', 'compute-77').code == 1
    alarm, path = site.run.rows('alarm')[0]['id'], str(tmp_path / 'alarm.json')
    done = site.run('bundle', '--alarm', alarm[:8], '--output', path)
    assert (done.code, 'alarm host-down compute-77, ignore' in done.out) == (0, True), done.err
    assert site.run('bundle', '--check', path).code == 0
    assert site.run('bundle', '--alarm', alarm, '--check', path).code == 0
    replayed = site.run('policy', 'test', path)
    assert (replayed.code, 'as it was recorded' in replayed.out) == (0, True)


def test_of_an_alarm_that_led_to_a_recovery_it_is_that_of_the_recovery(
    site: Site, name: str
) -> None:
    alarm = site.run.rows('alarm')[0]['id']
    assert site.run('bundle', '--alarm', alarm, '--check', name).code == 0
    both = site.run('bundle', identifier(site), '--alarm', alarm)
    assert (both.code, 'not both' in both.err) == (2, True)
    assert site.run('bundle', '--alarm', '7777').code == 1
