"""The application: help, configuration, the database as it may be found, and exit codes."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from recovery.cli import main
from tests.unit.recovery.cli.site import Operator, operator


def test_help_names_every_command_and_the_exit_codes(run: Operator) -> None:
    done = run('--help')
    assert done.code == 0
    for words in ('confirm-fenced', 'host return', 'Exit codes', 'Could not'):
        assert (words in done.out) == (words != 'Could not')


@pytest.mark.parametrize('flag', ['--help', '-h'])
def test_help_behind_a_command_is_about_that_command(run: Operator, flag: str) -> None:
    done = run('host', 'maintenance', flag)
    assert done.code == 0
    assert 'usage: recovery host maintenance' in done.out
    assert '{on,off}' in done.out
    assert 'import masakari' not in done.out


def test_help_is_fast() -> None:
    code = 'import sys; from recovery.cli.main import main; sys.exit(main(["--help"]))'
    best = 9.0
    for _ in range(3):
        began = time.monotonic()
        subprocess.run([sys.executable, '-c', code], check=True, stdout=subprocess.DEVNULL)
        best = min(best, time.monotonic() - began)
    loaded = 'import sys, recovery.cli.main as m; from recovery.cli import host, recoveries, watch;'
    heavy = (
        "print([n for n in ('sqlalchemy', 'taskflow', 'openstack', 'rich') if n in sys.modules])"
    )
    seen = subprocess.run(
        [sys.executable, '-c', loaded + heavy], check=True, capture_output=True, text=True
    )
    assert seen.stdout.strip() == '[]', 'a command imports what it needs when it runs'
    assert best < 2.0  # 0.2 s on a free machine


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([]) == 0
    assert 'Commands:' in capsys.readouterr().out


@pytest.mark.parametrize('words', [['lst'], ['list', '--nonsense'], ['show']])
def test_a_wrong_command_line_is_2(run: Operator, words: list[str]) -> None:
    assert run(*words).code == 2


def test_a_missing_configuration_file_is_named(run: Operator) -> None:
    run.config = Path('/nowhere/recovery.conf')
    done = run('list')
    assert (done.code, done.err.strip()) == (
        2, 'recovery: there is no configuration file /nowhere/recovery.conf',
    )  # fmt: skip


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('[worker]\nlease_seconds = soon\n', 'line 4: [worker] lease_seconds'),
        ('[worker]\nlease_seconds = 1\n', 'line 4: [worker] lease_seconds'),
        ('[board]\ndriver = carrier-pigeon\n', 'line 4: [board] driver'),
        ('this is no option\n', 'recovery.conf'),
        ('[database]\nconnection = oracle://x/y\n', 'oracle is not supported'),
        ('[database]\nconnection = no url\n', 'not a database URL'),
    ],
)
def test_a_bad_configuration_names_file_and_option(tmp_path: Path, text: str, said: str) -> None:
    with operator(tmp_path, text) as run:
        done = run('list')
    assert done.code == 2
    assert said in done.err
    assert 'Traceback' not in done.err


def test_a_weak_policy_without_a_reason_decides_nothing(tmp_path: Path) -> None:
    with operator(tmp_path, '[policy]\nmass_share = 1\n') as run:
        done = run('plan', 'compute-01')
        assert run('list').code == 0  # whoever looks at what there is may
    assert done.code == 2
    assert '[policy] mass_share is 1, which weakens the gate "mass-failure"' in done.err
    assert 'Traceback' not in done.err


def test_the_environment_names_the_file(run: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('RECOVERY_CONFIG', str(run.config))
    assert main.main(['list']) == 0


def test_a_database_that_is_not_there_is_not_made_by_a_look(tmp_path: Path) -> None:
    with operator(tmp_path, schema=False) as run:
        done = run('list')
        assert done.code == 5
        assert 'recovery db upgrade' in done.err
        assert not (tmp_path / 'recovery.sqlite').exists()
        assert run('db', 'check').code == 5
        assert run('db', 'upgrade', '--yes').code == 0
        assert run('list').code == 0
        assert run('db', 'check').code == 0


def test_a_stale_schema_is_refused_with_the_command(run: Operator) -> None:
    with run.store.write() as connection:
        connection.execute(sa.text("UPDATE recovery_version SET version_num = '0000'"))
    done = run('list')
    assert done.code == 5
    assert 'recovery db upgrade' in done.err or 'newer version' in done.err


def test_an_unreachable_database_is_5(tmp_path: Path) -> None:
    extra = '[database]\nconnection = mysql+pymysql://recovery:secret@127.0.0.1:1/recovery\n'
    with operator(tmp_path, extra) as run:
        done = run('list')
    assert done.code == 5
    assert 'secret' not in done.err
    assert 'Traceback' not in done.err


def test_a_defect_is_one_sentence_unless_debug(
    run: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError('oh')

    monkeypatch.setattr('recovery.view.recoveries.recoveries', broken)
    done = run('list')
    assert done.code == 1
    assert done.err == 'recovery: unexpected ZeroDivisionError: oh (--debug shows where)\n'
    assert 'Traceback' in run('--debug', 'list').err


@pytest.mark.parametrize(('flags', 'heard'), [((), ['ours']), (('-v',), ['ours', 'theirs'])])
def test_what_a_library_warns_of_is_said_with_v(
    run: Operator, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], heard: list[str]
) -> None:
    def warns(*_: object, **__: object) -> list[object]:
        logging.getLogger('recovery.site').warning('ours')
        logging.getLogger('keystoneauth.identity').warning('theirs')
        return []

    monkeypatch.setattr('recovery.view.recoveries.recoveries', warns)
    said = run(*flags, 'list').err
    assert [word for word in ('ours', 'theirs') if word in said] == heard
