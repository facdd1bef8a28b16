"""Runs one command, and ends it and all that it started when its time is up.

``python -I -S leash.py SECONDS COMMAND [ARGUMENT]...``, as the leader of a process group. It is
what ends a command whose starter was killed: a timer of the kernel's does not pass on to the
children of a process, so somebody has to stay with them. Imports nothing of ours: it starts in
some hundredths of a second.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

NOT_STARTED = 127  #: as shells say it


def main(seconds: float, command: Sequence[str]) -> NoReturn:
    """Run the command; end as it ends, or with 128 and the signal that ended it."""
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(0, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    child = os.fork()
    if child == 0:
        try:
            os.execv(command[0], list(command))  # noqa: S606 - a driver's command, without a shell
        except OSError as error:
            os.write(2, f'{command[0]}: {error.strerror}\n'.encode())
            os._exit(NOT_STARTED)
    for inherited in (0, 1, 2):
        os.close(inherited)  # the reader of the pipes is to see when the command closes them
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


if __name__ == '__main__':
    main(float(sys.argv[1]), sys.argv[2:])
