"""Starts a daemon of the product that dies, by SIGKILL, just before or after its n-th commit.

    python -m tests.crash.launcher COUNTER NUMBER before|after recovery-worker [ARGUMENT...]

COUNTER is a file that the processes of one play share: the n-th commit of all of them is meant,
whoever makes it. The product knows nothing of this. Heartbeats do not count: they come by time,
not by what is done.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

from recovery.service import main as product

MAINS = {'recovery-worker': product.worker, 'recovery-watcher': product.watcher}


def arm(counter: str, number: int, moment: str, what: str = 'SIGKILL') -> None:
    """Count the commits of this process; die at the n-th. A number of 0 only counts.

    :param what: the signal; SIGSTOP for a process that freezes inside its transaction.
    """
    sent = signal.Signals[what]
    commit: Any = DefaultDialect.do_commit

    def counted(dialect: DefaultDialect, connection: Any) -> None:
        here = not threading.current_thread().name.endswith('/heartbeat') and (
            _next(Path(counter)) == number
        )
        if here and moment == 'before':
            _struck(sent)
        commit(dialect, connection)
        if here and moment == 'after':
            _struck(sent)

    DefaultDialect.do_commit = counted  # type: ignore[method-assign]


def _struck(sent: signal.Signals) -> None:
    os.kill(os.getpid(), sent)
    time.sleep(0.5)  # another thread may take the signal, and this one go on for a moment


def _next(counter: Path) -> int:
    """The number of this commit."""
    with counter.open('r+') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        number = int(file.read() or 0) + 1
        file.seek(0)
        file.write(str(number))
    return number


def step_database(seconds: float) -> None:
    """Let this process see MariaDB's clock stepped."""

    @sa.event.listens_for(sa.Engine, 'connect')
    def step(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f'SET SESSION timestamp = UNIX_TIMESTAMP() + {float(seconds)}')


def launch(name: str, arguments: list[str]) -> None:
    """Call the product's own main, as its command would."""
    sys.argv = [name, *arguments]
    MAINS[name]()


if __name__ == '__main__':
    arm(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    launch(sys.argv[4], sys.argv[5:])
