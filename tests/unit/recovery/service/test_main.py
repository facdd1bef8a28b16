"""The daemons: what they refuse, and that they end when they are told to."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from oslo_config import cfg

from drivers.clock import SystemClock
from recovery import conf as groups
from recovery.db import tables
from recovery.db.store import Store
from recovery.service import main
from recovery.site import Site
from tests.unit.recovery.claims.scene import empty

SECONDS = 60.0  # for a machine that is busy; ends are far sooner
CLOCK = SystemClock()
AWAY = 'mysql+pymysql://me:secret@127.0.0.1:1/recovery'
CODE = """
from oslo_config import cfg
from recovery.service.main import standalone, watcher, worker

def both():
    conf = cfg.ConfigOpts()
    conf(project='recovery')
    standalone(conf)

"""


class Daemon:
    """A process of ours."""

    def __init__(self, folder: Path, call: str, more: str = '', options: str = '') -> None:
        folder.mkdir()
        (folder / 'recovery.sqlite').write_bytes(empty())
        url = more or f'sqlite:///{folder}/recovery.sqlite'
        self.config = folder / 'recovery.conf'
        self.config.write_text(f'[database]\nconnection = {url}\n{options}')
        self.store = Store(f'sqlite:///{folder}/recovery.sqlite', CLOCK)
        self._over = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, '-X', 'faulthandler', '-c', f'{CODE}{call}()',
             '--config-file', str(self.config)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        CLOCK.spawn('patience', self._patience)

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._process.kill()
        with self._process:  # closes its pipe and waits
            self.store.close()

    def _patience(self) -> None:
        if not CLOCK.wait(self._over, SECONDS):
            self._process.send_signal(signal.SIGABRT)  # it says where each thread hangs

    def end(self) -> tuple[int, str]:
        """SIGTERM. Exit code and what it said."""
        self._process.send_signal(signal.SIGTERM)
        said, _err = self._process.communicate()
        return self._process.returncode, said

    def until_said(self, words: str) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert words in line
        return line

    def hear(self, words: str) -> str:
        """The next line with these words; what comes before it is passed over."""
        assert self._process.stdout is not None
        passed = []
        for line in self._process.stdout:
            passed.append(line)
            if words in line:
                return line
        raise AssertionError(''.join(passed))

    def reload(self) -> None:
        """SIGHUP."""
        self._process.send_signal(signal.SIGHUP)

    def until_seen(self) -> None:
        while not self.seen():
            assert self._process.poll() is None, self._process.communicate()
            CLOCK.wait(None, 0.05)

    def seen(self) -> list[str]:
        with self.store.read() as connection:
            return list(connection.execute(tables.worker.select()).scalars())


def test_they_end_in_order_when_they_are_told_to(tmp_path: Path) -> None:
    with ExitStack() as stack:
        running = {
            call: stack.enter_context(Daemon(tmp_path / call, call))
            for call in ('worker', 'watcher', 'both')
        }
        waiting = stack.enter_context(Daemon(tmp_path / 'waiting', 'watcher', AWAY))
        for call, daemon in running.items():
            daemon.until_seen()
            code, said = daemon.end()
            assert (code, 'Traceback' in said) == (0, False), said
            assert len(daemon.seen()) == (call == 'watcher')  # who runs recoveries says goodbye
        line = waiting.until_said('waiting for the database')
        code, said = waiting.end()
        assert code == 0, said
        assert 'secret' not in line + said


@pytest.fixture
def conf(tmp_path: Path) -> Iterator[cfg.ConfigOpts]:
    conf = cfg.ConfigOpts()
    groups.register(conf)
    conf([], default_config_files=[], default_config_dirs=[])
    (tmp_path / 'recovery.sqlite').write_bytes(empty())
    conf.set_override('connection', f'sqlite:///{tmp_path}/recovery.sqlite', 'database')
    yield conf
    conf.clear()


def live(conf: cfg.ConfigOpts, stop: threading.Event | None = None) -> tuple[int, list[Site]]:
    """The exit code, and the sites on which the body ran."""
    begun: list[Site] = []

    def body(site: Site, _stop: threading.Event) -> None:
        begun.append(site)
        main._work(site, stop or threading.Event())

    return main._live(conf, CLOCK, 'worker', body, stop or threading.Event()), begun


def test_options_that_make_no_sense_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'recovery.conf').write_text('[worker]\nlease_seconds = soon\n')
    arguments = ['--config-file', str(tmp_path / 'recovery.conf')]
    code = main._daemon('worker', lambda _site, _stop: pytest.fail('it began'), arguments)
    assert code == 2
    assert 'recovery.conf line 2: [worker] lease_seconds: could not' in capsys.readouterr().err


def test_a_gate_that_is_weakened_without_a_reason_is_refused(
    conf: cfg.ConfigOpts, capsys: pytest.CaptureFixture[str]
) -> None:
    conf.set_override('settle_seconds', 0.0, 'policy')
    assert live(conf) == (2, [])
    said = '[policy] settle_seconds is 0, which weakens the gate "settled" (at least 5 is safe)'
    assert said in capsys.readouterr().err


def test_a_stale_schema_is_refused(
    conf: cfg.ConfigOpts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'recovery.sqlite').unlink()
    assert live(conf) == (1, [])
    assert 'recovery db upgrade' in capsys.readouterr().err


def test_a_database_that_is_none_of_ours_is_refused(
    conf: cfg.ConfigOpts, capsys: pytest.CaptureFixture[str]
) -> None:
    conf.set_override('connection', 'oracle://me:secret@host/x', 'database')
    assert live(conf) == (1, [])
    assert 'secret' not in capsys.readouterr().err


def test_a_board_that_cannot_be_is_refused(
    conf: cfg.ConfigOpts, capsys: pytest.CaptureFixture[str]
) -> None:
    conf.set_override('driver', 'redis', 'board')
    conf.set_override('url', 'http://host', 'board')
    assert live(conf)[0] == 1
    assert 'right would be redis://HOST:PORT' in capsys.readouterr().err


def test_who_is_stopped_before_the_start_begins_nothing(conf: cfg.ConfigOpts) -> None:
    stop = threading.Event()
    stop.set()
    assert live(conf, stop) == (0, [])
