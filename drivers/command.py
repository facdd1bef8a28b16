"""Somebody else's command: its input through a pipe, its end in time, its answer bounded.

A seam to the real machine, as ``drivers.child`` is; that one runs our own code.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from drivers.clock import SystemClock
from drivers.contracts.errors import Unreachable

LEASH = str(Path(__file__).with_name('leash.py'))
LIMIT_BYTES = 256 * 1024  # of each stream; a command that says more has lost its mind
TICK_SECONDS = 0.2  # between looks at a command that ended and left its pipes to somebody
PATH = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin'
#: What a command is told of our environment: which certificates this machine trusts.
PASSED_ON = ('REQUESTS_CA_BUNDLE', 'SSL_CERT_DIR', 'SSL_CERT_FILE', 'TZ')


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int  #: its exit status; 128 + n when signal n ended it
    out: str
    err: str


def run(command: Sequence[str], text: str, *, timeout: float) -> Ended:
    """Run a command with that input, in a session, locale and environment of its own.

    After ``timeout`` seconds it is killed with all of its process group, also when this process
    was killed before. Secrets belong into ``text``: arguments and environment can be read.

    :raises Unreachable: it could not be started, did not end in time, or said too much.
    """
    process = _start(command, timeout)
    try:
        until = SystemClock().elapsed() + timeout
        out, err = _exchange(process, text.encode(), until, timeout)
        code = process.wait(max(until - SystemClock().elapsed(), 0.001))
    except subprocess.TimeoutExpired:
        raise _late(timeout) from None
    finally:
        _end(process)
    return Ended(code, out.decode(errors='replace'), err.decode(errors='replace'))


def _start(command: Sequence[str], timeout: float) -> subprocess.Popen[bytes]:
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        return subprocess.Popen(  # noqa: S603 - named by the inventory, and no shell
            [sys.executable, '-I', '-S', LEASH, f'{timeout:.3f}', *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd='/',
            env={'PATH': PATH, 'LC_ALL': 'C', 'HOME': '/', **passed},
            start_new_session=True,
        )
    except OSError as error:
        raise Unreachable(f'no process could be started: {error}') from error


def _exchange(
    process: subprocess.Popen[bytes], data: bytes, until: float, timeout: float
) -> tuple[bytes, bytes]:
    """Write the input, read both outputs until they end or the process did."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    said: dict[IO[bytes], bytes] = {process.stdout: b'', process.stderr: b''}
    with selectors.DefaultSelector() as waiting:
        for pipe in said:
            waiting.register(pipe, selectors.EVENT_READ)
        os.set_blocking(process.stdin.fileno(), False)
        waiting.register(process.stdin, selectors.EVENT_WRITE)
        while set(said) & {key.fileobj for key in waiting.get_map().values()}:
            ended = process.poll() is not None
            left = until - SystemClock().elapsed()
            if left <= 0:
                raise _late(timeout)
            ready = waiting.select(min(left, TICK_SECONDS))
            if not ready and ended:
                break
            for key, _ in ready:
                if key.fileobj is process.stdin:
                    data = _feed(process.stdin, data, waiting)
                else:
                    _take(key.fileobj, said, waiting)  # type: ignore[arg-type]
    return said[process.stdout], said[process.stderr]


def _feed(pipe: IO[bytes], data: bytes, waiting: selectors.BaseSelector) -> bytes:
    try:
        data = data[os.write(pipe.fileno(), data) :] if data else data
    except BlockingIOError:
        return data
    except BrokenPipeError:  # it did not care to read all of it
        data = b''
    if not data:
        waiting.unregister(pipe)
        with contextlib.suppress(OSError):
            pipe.close()
    return data


def _take(pipe: IO[bytes], said: dict[IO[bytes], bytes], waiting: selectors.BaseSelector) -> None:
    read = os.read(pipe.fileno(), 65536)
    if not read:
        waiting.unregister(pipe)
    said[pipe] += read
    if len(said[pipe]) > LIMIT_BYTES:
        raise Unreachable(f'it said more than {LIMIT_BYTES // 1024} KiB')


def _late(timeout: float) -> Unreachable:
    return Unreachable(f'no answer within {timeout:.3g} s')


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
