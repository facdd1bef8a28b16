"""The status page in real browsers: it shows what is, and what comes after.

One has no screen, the other one no scripts, no pictures and no styles: what somebody has at night,
on the machine itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import waitress

from drivers.clock import SystemClock
from recovery import plugins
from recovery.api import app
from recovery.cli import options
from recovery.db import tables
from tests.unit.recovery.cli.site import Operator, operator

BROWSER, PLAIN = shutil.which('chromium'), shutil.which('w3m')
LATER = 'compute-99'
#: No network but ours, no profile, no questions.
FLAGS = (
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--disable-extensions',
)  # fmt: skip


@pytest.fixture(scope='module', autouse=True)
def browser() -> None:
    if BROWSER is None or PLAIN is None:
        missing = pytest.fail if os.environ.get('CI') else pytest.skip
        name = 'chromium' if BROWSER is None else 'w3m'
        missing(f'there is no {name}: tools/peers install, as root')


class Served:
    """The application, served; and something that happens while somebody looks."""

    def __init__(self, run: Operator, folder: Path) -> None:
        self.run = run
        self.folder = folder
        self.asked = 0
        self.meanwhile: Callable[[], object] = lambda: None
        conf = options.load([str(folder / 'recovery.conf')], [], {})
        for name, value in (('auth', 'noauth'), ('ui_without_token', True)):
            conf.set_override(name, value, 'api')
        self.site = plugins.open_site(conf, SystemClock(), kind='api')
        self.inside = app.build(self.site)
        self.server = waitress.create_server(self, host='127.0.0.1', port=0, threads=4)

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        page = str(environ['PATH_INFO']).startswith('/ui') and 'static' not in environ['PATH_INFO']
        if page:
            self.asked += 1
            if self.asked == 2:
                self.meanwhile()
        return self.inside(environ, start)

    def shown(self, path: str, milliseconds: int) -> str:
        """The page as the browser has it after a while, which it does not really wait for."""
        assert BROWSER is not None
        url = f'http://127.0.0.1:{self.server.effective_port}{path}'
        done = subprocess.run(
            [
                *(BROWSER, *FLAGS, f'--user-data-dir={self.folder / "profile"}'),
                *(f'--virtual-time-budget={milliseconds}', '--dump-dom', url),
            ],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def read(self, path: str) -> list[str]:
        """The lines of the page in a text browser on a terminal of 80 columns."""
        assert PLAIN is not None
        url = f'http://127.0.0.1:{self.server.effective_port}{path}'
        environment = {**os.environ, 'HOME': str(self.folder), 'LC_ALL': 'C.UTF-8'}
        done = subprocess.run(
            [PLAIN, '-dump', '-cols', '80', url],
            env=environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [' '.join(line.split()) for line in done.stdout.splitlines()]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with operator(tmp_path) as run:
        found = Served(run, tmp_path)
        thread = threading.Thread(target=found.server.run, daemon=True)
        thread.start()
        yield found
        found.server.close()
        thread.join(10)
        found.site.store.close()


def test_what_happens_later_appears_by_itself(served: Served) -> None:
    served.run.recovery('compute-01', 'running', worker='w1')
    served.meanwhile = lambda: served.run.recovery(LATER, 'waiting', reason='the BMC is dead')
    page = served.shown('/ui', 10_000)
    assert served.asked > 2
    assert LATER in page
    assert 'the BMC is dead; only a human moves it' in page
    assert '; live' in page


def test_a_browser_that_asks_for_the_root_gets_the_page(served: Served) -> None:
    served.run.recovery('compute-01', 'running', worker='w1')
    assert 'is being run by w1' in served.shown('/', 1000)


def test_one_recovery_with_its_graph(served: Served) -> None:
    identifier = served.run.recovery('compute-01', 'waiting', reason='off is not read')
    served.meanwhile = lambda: None
    page = served.shown(f'/ui/recoveries/{identifier}', 2000)
    assert 'off is not read' in page
    assert served.asked >= 2  # the picture was fetched, too


def test_one_recovery_goes_on_while_somebody_looks(served: Served) -> None:
    identifier = served.run.recovery('compute-01', 'running', worker='w1')
    first: list[str] = []

    def waits() -> None:
        first.extend(row['state'] for row in served.run.rows('recovery'))
        with served.run.store.write() as connection:
            values = {'state': 'waiting', 'reason': 'off is not read by bmc-7', 'worker': None}
            connection.execute(sa.update(tables.recovery).values(values))

    served.meanwhile = waits  # after the page itself was answered
    page = served.shown(f'/ui/recoveries/{identifier}', 10_000)
    assert first == ['running']
    assert 'off is not read by bmc-7' in page
    assert 'is being run by w1' not in page
    assert '; live' in page


def test_a_text_browser_shows_what_moves_it_on_a_line_of_its_own(served: Served) -> None:
    why = {'reason': 'every level failed', 'verb': 'recovery confirm-fenced compute-01'}
    identifier = served.run.recovery('compute-01', 'waiting', **why)
    served.run.recovery('compute-02', 'held', code='storm', reason='a storm', next_check=9e9)
    lines = served.read('/')
    assert 'Nothing is recovered' in lines  # nobody is there to do it
    at = lines.index('Wants a human 1')
    row = next(line for line in lines[at:] if line.startswith(identifier[:8]))
    assert row.startswith(f'{identifier[:8]} host-down compute-01 waiting')
    after = lines[lines.index(row) + 1 :]
    assert after[:2] == ['every level failed; only a human moves it', f'next: {why["verb"]}']
    assert 'Held, decided again by itself 1' in after

    lines = served.read(f'/ui/recoveries/{identifier}')
    assert 'host-down of compute-01 waiting' in lines
    assert f'next: {why["verb"]}' in lines
    assert any('power-off' in line for line in lines[lines.index('Steps') :])
