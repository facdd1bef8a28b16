"""A piece of work in a process of its own, so that it can always be ended in time.

For libraries that may hang where no time-out reaches: in their own loops, in name resolution, or
behind a peer that sends one byte a second. This module is a seam to the real machine, as the
system clock is: a child cannot live on virtual time.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from drivers.clock import SystemClock
from drivers.contracts import errors

REFUSED = {kind.__name__: kind for kind in (errors.Refused, errors.NotFound, errors.AccessDenied)}
ROOT = str(Path(__file__).resolve().parent.parent)


def ask(module: str, question: Mapping[str, Any], *, timeout: float) -> dict[str, Any]:
    """Run ``python -m module``, which calls :func:`serve`, and return its answer.

    The question may hold secrets: it travels through a pipe, never through argv or the
    environment. After ``timeout`` seconds the child and all its children are killed.

    :param question: what can be written as JSON; the key ``until`` is added to it.
    :raises DriverError: as the child raised it; Unreachable when it ended without an answer.
    """
    sent = json.dumps({**question, 'until': SystemClock().elapsed() + timeout})
    child = _start(module)
    try:
        answer, _ = child.communicate(sent, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise errors.Unreachable(f'no answer within {timeout:g} s') from None
    finally:
        _end(child)
    return _understand(answer, timeout)


def _start(module: str) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(  # noqa: S603 - this interpreter, and a module named by a driver
            [sys.executable, '-P', '-m', module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {'PYTHONPATH': _search_path()},
            start_new_session=True,
            text=True,
        )
    except OSError as error:  # no memory, no process, no file left: nothing was asked
        raise errors.Unreachable(f'no process could be started: {error}') from error


def _search_path() -> str:
    return os.pathsep.join(filter(None, [ROOT, os.environ.get('PYTHONPATH')]))


def _end(child: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _understand(text: str, timeout: float) -> dict[str, Any]:
    if not text:
        raise errors.Unreachable(f'no answer within {timeout:g} s')
    try:
        answer: dict[str, Any] = json.loads(text)
    except ValueError as error:  # it was ended while it wrote
        raise errors.Unreachable(f'no whole answer within {timeout:g} s') from error
    if 'error' not in answer:
        return answer
    refused = REFUSED.get(answer['error'])
    if refused is None:
        raise errors.Unreachable(answer['message'])
    raise refused(answer['message'], status=answer['status'])


def serve(answer: Callable[[dict[str, Any], Callable[[], float]], dict[str, Any]]) -> NoReturn:
    """The child's half: read the question, answer it, and be gone.

    ``answer`` is given the question, and a function that tells how many seconds are left. A
    child outlives neither its time nor a parent that was killed: the kernel's own alarm ends it.
    """
    question = json.load(sys.stdin)
    clock = SystemClock()
    until = float(question.pop('until'))

    def left() -> float:
        return until - clock.elapsed()

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, max(left(), 0.001))
    report = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)  # whatever a library prints must not mix with the answer
    try:
        reply = answer(question, left)
    except errors.DriverError as error:
        reply = {
            'error': type(error).__name__,
            'message': str(error),
            'status': getattr(error, 'status', None),
        }
    except Exception as error:
        reply = {
            'error': 'Unreachable',
            'message': f'{type(error).__name__}: {error}',
            'status': None,
        }
    json.dump(reply, report)
    report.flush()
    os._exit(0)  # no farewell: threads and logouts of a library may hang for ever
