from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drivers import child
from drivers.clock import SystemClock
from drivers.contracts.errors import NotFound, Refused, Unreachable

SERVE = 'from drivers import child\n'
TOP = Path(__file__).resolve().parents[3]


ANSWERS = """
import os, sys, time
from drivers.contracts.errors import NotFound

def raises(question, left):
    raise NotFound('none', status=404)

def tells(question, left):
    return {'argv': sys.argv, 'environment': dict(os.environ)}

def sums(question, left):
    return {'sum': sum(question['numbers'])}

def prints(question, left):
    print('noise')
    return {'fine': True}
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A child that runs what the test is parametrized with."""
    (tmp_path / 'questioned.py').write_text(f'{SERVE}{ANSWERS}\n{request.param}\n')
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    return 'questioned'


def children() -> list[int]:
    """Living processes whose parent is this one."""
    found = []
    for stat in Path('/proc').glob('[0-9]*/stat'):
        try:
            fields = stat.read_text().rpartition(')')[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != 'Z':
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize('module', ['child.serve(sums)'], indirect=True)
def test_answers(module: str) -> None:
    assert child.ask(module, {'numbers': [1, 2, 3]}, timeout=20) == {'sum': 6}


@pytest.mark.parametrize('module', ['child.serve(prints)'], indirect=True)
def test_what_a_library_prints_is_no_answer(module: str) -> None:
    assert child.ask(module, {}, timeout=20) == {'fine': True}


@pytest.mark.parametrize('module', ['child.serve(raises)'], indirect=True)
def test_raises_what_the_child_raised(module: str) -> None:
    with pytest.raises(NotFound, match='none') as caught:
        child.ask(module, {}, timeout=20)
    assert caught.value.status == 404


@pytest.mark.parametrize('module', ['child.serve(lambda question, left: 1 / 0)'], indirect=True)
def test_an_unexpected_error_is_unreachable_and_named(module: str) -> None:
    with pytest.raises(Unreachable, match='ZeroDivisionError') as caught:
        child.ask(module, {}, timeout=20)
    assert not isinstance(caught.value, Refused)


@pytest.mark.parametrize('module', ['import os; os._exit(3)'], indirect=True)
def test_an_end_without_an_answer_is_unreachable(module: str) -> None:
    with pytest.raises(Unreachable):
        child.ask(module, {}, timeout=20)


@pytest.mark.parametrize(
    'module', ["import os; os.write(1, b'{\"sum'); os._exit(0)"], indirect=True
)
def test_half_an_answer_is_unreachable(module: str) -> None:
    with pytest.raises(Unreachable, match='whole'):
        child.ask(module, {}, timeout=20)


def test_a_machine_without_a_process_to_spare_is_unreachable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, 'executable', '/nowhere/python')
    with pytest.raises(Unreachable, match='no process'):
        child.ask('questioned', {}, timeout=20)


@pytest.mark.parametrize(
    'module',
    [
        'import time; child.serve(lambda question, left: time.sleep(60))',
        'import signal as s; s.pthread_sigmask(s.SIG_BLOCK, s.valid_signals()); time.sleep(60)',
        'import subprocess; subprocess.run(["sleep", "60"])',
    ],
    indirect=True,
    ids=['hangs', 'deaf', 'hangs in its own child'],
)
def test_ends_in_time_and_leaves_nobody(module: str) -> None:
    before, processes = SystemClock().elapsed(), set(children())
    with pytest.raises(Unreachable, match='1 s'):
        child.ask(module, {}, timeout=1)
    assert SystemClock().elapsed() - before < 4
    assert set(children()) <= processes


@pytest.mark.parametrize('module', ['child.serve(tells)'], indirect=True)
def test_the_question_is_neither_in_argv_nor_in_the_environment(module: str) -> None:
    answer = child.ask(module, {'password': 'hidden-word'}, timeout=20)
    assert 'hidden-word' not in str(answer)


def test_a_child_does_not_outlive_its_time_when_its_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / 'questioned.py').write_text(
        f'{SERVE}import os, pathlib, time\n'
        f'def f(question, left):\n'
        f'    pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(os.getpid()))\n'
        f'    time.sleep(60)\n'
        f'child.serve(f)\n'
    )
    parent = subprocess.Popen(
        [sys.executable, '-c', "from drivers import child; child.ask('questioned', {}, timeout=3)"],
        env=os.environ | {'PYTHONPATH': f'{TOP}{os.pathsep}{tmp_path}'},
    )
    until = time.monotonic() + 20
    while not (tmp_path / 'pid').exists() or not (tmp_path / 'pid').read_text():
        assert time.monotonic() < until
        time.sleep(0.05)
    pid = int((tmp_path / 'pid').read_text())
    parent.kill()
    parent.wait()
    while _lives(pid):
        assert time.monotonic() < until, 'the child lives on'
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False
