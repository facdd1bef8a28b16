"""Life by a command of the site's own."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from typing import Self

from drivers.contracts.errors import Refused
from drivers.contracts.life import LifeDriver, Seen, fill

SCHEME = 'command:'
ALIVE, SILENT = 0, 1  #: exit codes; every other one says nothing
MOST = 4096  #: bytes of its output that are looked at


class CommandLife(LifeDriver):
    """``command:/path/to/program {host} ...``: exit code 0 means alive, 1 silent, any other that it
    could not be asked; the first line of its output is what people are told.

    Words are split as a shell would split them, and no shell is involved. It gets no input, and
    is killed, with all that it started, when its time is over: that says nothing.
    """

    def __init__(self, words: list[str]) -> None:
        self._words = words

    @classmethod
    def build(cls, target: str) -> Self:
        try:
            words = shlex.split(target.removeprefix(SCHEME))
        except ValueError as error:
            raise Refused(f'{target!r} is no command: {error}') from error
        if not words or not os.path.isabs(words[0]):
            raise Refused(f'{target!r}: give the program by its whole path')
        return cls(words)

    def look(self, host: str, *, timeout: float) -> Seen:
        try:
            words = [fill(word, host) for word in self._words]
            child = subprocess.Popen(  # noqa: S603 - the operator's own program, and no shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, Refused) as error:
            return Seen(None, f'{self._words[0]} cannot be run: {error}')
        try:
            output, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            return Seen(None, f'{self._words[0]} did not end within {timeout:g} s')
        finally:
            _end(child)
        return _understood(child.returncode, output[:MOST])


def _understood(code: int, output: bytes) -> Seen:
    lines = output.decode('utf-8', 'replace').strip().splitlines()
    said = ''.join(sign if sign.isprintable() else '?' for sign in lines[0])[:200] if lines else ''
    if code == ALIVE:
        return Seen(True, said or 'it is alive')
    if code == SILENT:
        return Seen(False, said or 'it is silent')
    how = f'signal {-code}' if code < 0 else f'code {code}'
    return Seen(None, f'the command ended with {how}' + (f': {said}' if said else ''))


def _end(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdout is not None:
        child.stdout.close()
