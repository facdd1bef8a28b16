"""Processes that outlive the command which started them, found again by a file."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class Failed(Exception):
    """A peer did not do what it was told; the message says which and where its log is."""


class Process:
    """One started process. ``DIRECTORY/pid`` holds its id and start time.

    The start time is there because ids are used again: what is killed must be what was started.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log = directory / 'log'
        self._record = directory / 'pid'

    def start(self, command: Sequence[str | Path], environment: Mapping[str, str] = {}) -> None:
        """Start it in a session of its own, unless it runs."""
        if self.pid() is not None:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.log.open('ab') as log:
            started = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        self._record.write_text(f'{started.pid} {_started_at(started.pid)}\n')

    def pid(self) -> int | None:
        """Its id while it lives."""
        try:
            pid, started_at = self._record.read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if _started_at(int(pid)) == started_at else None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to all that it started."""
        pid = self.pid()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)

    def stop(self, patience: float = 10.0) -> None:
        """Ask it to end, then make it."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if not wait_for(lambda: self.pid() is None, patience):
            self.signal(signal.SIGKILL)
            wait_for(lambda: self.pid() is None, 5.0)
        self._record.unlink(missing_ok=True)


def _started_at(pid: int) -> str | None:
    """When a process was started, in the kernel's own unit; None for a zombie, or for none."""
    try:
        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    except OSError:
        return None
    return None if fields[0] == 'Z' else fields[19]


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until the condition holds. Whether it does."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def wait_for_port(process: Process, port: int, seconds: float = 60.0) -> None:
    """Wait until a TCP port of this machine answers. Raises Failed."""

    def answers() -> bool:
        if process.pid() is None:
            raise Failed(f'it ended at once; see {process.log}')
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 1.0):
            return True
        return False

    if not wait_for(answers, seconds):
        raise Failed(f'nothing listens on port {port} after {seconds:g} s; see {process.log}')
