from __future__ import annotations

import subprocess
import sys

import pytest

from drivers import leash


def held(seconds: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, '-I', '-S', leash.__file__, seconds, *words]
    return subprocess.run(
        command, capture_output=True, text=True, start_new_session=True, timeout=20
    )


@pytest.mark.parametrize('code', [0, 1, 2])
def test_it_ends_as_the_command_ends(code: int) -> None:
    assert held('10', '/bin/sh', '-c', f'exit {code}').returncode == code


def test_at_the_end_of_the_time_nobody_is_left_to_answer() -> None:
    ended = held('0.3', '/bin/sh', '-c', 'sleep 30 & sleep 30; exit 0')
    assert ended.returncode == -9
    assert ended.stdout == ''


def test_what_cannot_be_started_is_said() -> None:
    ended = held('10', '/nowhere')
    assert (ended.returncode, ended.stderr) == (127, '/nowhere: No such file or directory\n')
