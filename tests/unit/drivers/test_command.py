from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drivers import command
from drivers.clock import SystemClock
from drivers.contracts.errors import Unreachable

TOP = Path(__file__).resolve().parents[3]


def shell(script: str, text: str = '', timeout: float = 10.0) -> command.Ended:
    return command.run(['/bin/sh', '-c', script], text, timeout=timeout)


def alive(pid: int) -> bool:
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


def until_gone(pid: int, seconds: float) -> bool:
    clock = SystemClock()
    end = clock.elapsed() + seconds
    while alive(pid) and clock.elapsed() < end:
        clock.wait(None, 0.02)
    return not alive(pid)


def test_it_says_how_it_ended() -> None:
    ended = shell('cat; echo wrong >&2; exit 2', 'question')
    assert ended == command.Ended(2, 'question', 'wrong\n')


def test_a_signal_is_no_exit_status() -> None:
    assert shell('kill -9 $$').code == 128 + signal.SIGKILL


def test_what_is_not_there_is_no_answer() -> None:
    ended = command.run(['/nowhere/fence_x'], '', timeout=5.0)
    assert ended.code == 127
    assert ended.err == '/nowhere/fence_x: No such file or directory\n'


def test_the_environment_is_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('OS_PASSWORD', 'a-password')
    monkeypatch.setenv('LC_ALL', 'de_DE.UTF-8')
    monkeypatch.setenv('PCMK_service', 'pacemaker-fenced')  # switches the agents' time-outs off
    monkeypatch.setenv('SSL_CERT_FILE', '/some/authority.pem')
    said = shell('env').out.splitlines()
    assert 'LC_ALL=C' in said
    assert 'SSL_CERT_FILE=/some/authority.pem' in said
    assert not [line for line in said if 'PASSWORD' in line or 'PCMK' in line]


def test_a_large_input_is_taken_and_need_not_be() -> None:
    text = 'x' * 200_000
    assert len(shell('cat', text).out) == 200_000
    assert shell('exit 0', text).code == 0


def test_at_the_end_of_its_time_all_of_its_group_is_gone(tmp_path: Path) -> None:
    clock = SystemClock()
    before = clock.elapsed()
    with pytest.raises(Unreachable, match=r'no answer within 0\.5 s'):
        shell(f'sleep 60 & echo $! > {tmp_path}/pid; trap "" TERM; sleep 60', timeout=0.5)
    assert clock.elapsed() - before < 3.0
    assert until_gone(int((tmp_path / 'pid').read_text()), 3.0)


def test_what_it_leaves_behind_is_gone_too(tmp_path: Path) -> None:
    assert shell(f'sleep 60 & echo $! > {tmp_path}/pid').code == 0
    assert until_gone(int((tmp_path / 'pid').read_text()), 3.0)


def test_somebody_who_keeps_its_pipes_does_not_keep_us(tmp_path: Path) -> None:
    clock = SystemClock()
    before = clock.elapsed()
    ended = shell(f'setsid sleep 60 & echo $! > {tmp_path}/pid; echo fine; exit 0', timeout=30.0)
    assert (ended.code, ended.out) == (0, 'fine\n')
    assert clock.elapsed() - before < 10.0
    os.kill(int((tmp_path / 'pid').read_text()), signal.SIGKILL)


def test_a_flood_is_no_answer() -> None:
    with pytest.raises(Unreachable, match='more than 256 KiB'):
        shell('yes')


def test_it_ends_in_time_when_we_are_killed(tmp_path: Path) -> None:
    """A worker that was killed must not power anything off a minute later."""
    script = (
        'from drivers import command\n'
        f"command.run(['/bin/sh', '-c', 'echo $$ > {tmp_path}/pid; sleep 60'], '', timeout=1.5)\n"
    )
    worker = subprocess.Popen([sys.executable, '-c', script], cwd=TOP)
    clock = SystemClock()
    end = clock.elapsed() + 20.0
    while not (tmp_path / 'pid').exists() or not (tmp_path / 'pid').read_text():
        assert clock.elapsed() < end
        clock.wait(None, 0.02)
    worker.kill()
    worker.wait()
    assert until_gone(int((tmp_path / 'pid').read_text()), 5.0)
