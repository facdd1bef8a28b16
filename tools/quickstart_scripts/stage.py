"""How tools/quickstart speaks: acts, sentences, and commands as one would type them."""

from __future__ import annotations

import os
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Callable

from peer_scripts.processes import Failed
from peer_scripts.settings import TOP

BOLD, DIM, PLAIN = ('\033[1m', '\033[2m', '\033[0m') if sys.stdout.isatty() else ('', '', '')
LOOK_SECONDS = 0.02


def act(number: int, title: str) -> None:
    """Begin an act."""
    print(f'\n{BOLD}{number}. {title}{PLAIN}', flush=True)


def say(*sentences: str) -> None:
    """Tell what happens."""
    for sentence in sentences:
        print(f'   {sentence}', flush=True)


def typed(command: str) -> None:
    """Show a command."""
    print(f'{BOLD}   $ {command}{PLAIN}', flush=True)


def do(*words: str, allowed: tuple[int, ...] = (0,)) -> None:
    """Show a command and run it to its end. Raises Failed by its exit code."""
    follow(*words, allowed=allowed)


def follow(
    *words: str,
    heard: Callable[[str], None] = lambda _line: None,
    meanwhile: Callable[[], None] = lambda: None,
    allowed: tuple[int, ...] = (0,),
    seconds: float = 120.0,
) -> None:
    """Show a command and run it, with its lines printed as they come.

    :param heard: is given each line.
    :param meanwhile: is called all the time.
    :raises Failed: another exit code than those allowed, or no end in time.
    """
    typed(shlex.join(words))
    command = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=TOP
    )
    assert command.stdout is not None
    end, rest = time.monotonic() + seconds, b''
    try:
        while True:
            if select.select([command.stdout], [], [], LOOK_SECONDS)[0]:
                read = os.read(command.stdout.fileno(), 65536)
                if not read:
                    break
                *lines, rest = (rest + read).split(b'\n')
                for line in lines:
                    _print_line(line.decode(), heard)
            meanwhile()
            if time.monotonic() > end:
                raise Failed(f'{shlex.join(words)} did not end within {seconds:g} s')
        code = command.wait(10.0)
    finally:
        command.kill()
        command.wait()
    if code not in allowed:
        raise Failed(f'{shlex.join(words)} ended with exit code {code}')


def _print_line(line: str, heard: Callable[[str], None]) -> None:
    print(f'     {line}'.rstrip(), flush=True)
    heard(line)
