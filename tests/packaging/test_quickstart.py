"""The first thing that anybody runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


def _run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
    # As bare as a machine may be: no home, no locale, nothing about a cloud.
    bare = {'PATH': os.environ['PATH'], **more}
    return subprocess.run(
        command, cwd=TOP, env=bare, capture_output=True, text=True, timeout=170, check=False
    )


def test_it_says_what_it_does() -> None:
    ran = _run('tools/quickstart', '--help')
    assert ran.returncode == 0
    assert 'no root, no server, no question' in ran.stdout


def test_it_takes_no_arguments() -> None:
    ran = _run('tools/quickstart', 'now')
    assert (ran.returncode, ran.stdout) == (2, '')
    assert 'takes no arguments' in ran.stderr


@pytest.mark.slow
def test_nothing_is_lost_when_the_worker_is_killed() -> None:
    """In the environment that runs the tests: making one is for tools/venv, which needs a net."""
    ran = _run(sys.executable, '-m', 'quickstart_scripts', PYTHONPATH='tools')
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert '0 rules broken' in ran.stdout
    assert 'WRONG' not in ran.stdout
    assert 'Warning' not in ran.stdout + ran.stderr
    logs = [path.read_text() for path in (TOP / '.quickstart').glob('*/log')]
    assert logs
    assert not [line for log in logs for line in log.splitlines() if 'Warning' in line]
