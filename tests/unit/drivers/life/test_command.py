"""Life by a command, with real programs."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from drivers.clock import SystemClock
from drivers.contracts.errors import Refused
from drivers.contracts.life import Seen
from drivers.life.command import CommandLife


def sh(script: str, *more: str) -> CommandLife:
    words = ' '.join(shlex.quote(word) for word in ('/bin/sh', '-c', script, *more))
    return CommandLife.build(f'command:{words}')


@pytest.mark.parametrize(
    ('script', 'seen'),
    [
        ('echo lease renewed 2 s ago', Seen(True, 'lease renewed 2 s ago')),
        ('exit 0', Seen(True, 'it is alive')),
        ('echo lease is old; exit 1', Seen(False, 'lease is old')),
        ('exit 7', Seen(None, 'the command ended with code 7')),
        ('echo no answer; exit 2', Seen(None, 'the command ended with code 2: no answer')),
        ('kill -9 $$', Seen(None, 'the command ended with signal 9')),
    ],
)
def test_exit_codes(script: str, seen: Seen) -> None:
    assert sh(script).look('c1', timeout=10.0) == seen


def test_the_host_is_one_word_of_the_command() -> None:
    assert sh('echo "$0 $1"', '{host}', '{short}').look('c1.example', timeout=10.0).said == (
        'c1.example c1'
    )


@pytest.mark.parametrize('host', ['c1; reboot', '$(reboot)', '-rf', 'a b', ''])
def test_a_name_that_could_mean_more_is_not_passed(host: str, tmp_path: Path) -> None:
    made = tmp_path / 'made'
    seen = sh(f'touch {made}', '{host}').look(host, timeout=10.0)
    assert seen.alive is None
    assert not made.exists()


def test_one_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    told = tmp_path / 'pid'
    began = SystemClock().elapsed()
    seen = sh(f'sleep 60 & echo $! > {told}; wait').look('c1', timeout=0.5)
    assert seen.alive is None
    assert 'did not end within 0.5 s' in seen.said
    assert SystemClock().elapsed() - began < 5
    status = Path(f'/proc/{told.read_text().strip()}/stat')
    for _ in range(100):  # its parent reaps it in a moment
        if not status.exists() or status.read_text().split()[2] in 'ZX':
            return
        SystemClock().wait(None, 0.05)
    pytest.fail('what it started still runs')


def test_no_such_program() -> None:
    seen = CommandLife.build('command:/nowhere/alive {host}').look('c1', timeout=5.0)
    assert seen.alive is None
    assert '/nowhere/alive cannot be run' in seen.said


@pytest.mark.parametrize('target', ['command:alive {host}', 'command:', 'command:/x "{host}'])
def test_malformed(target: str) -> None:
    with pytest.raises(Refused):
        CommandLife.build(target)
