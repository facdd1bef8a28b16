"""Kill points of real processes: the client is found by its TCP port, and sent a signal.

A port alone names no connection: Linux gives one port to connections to different addresses. So all
of them are looked at, and only of those processes that may be meant.

Some drivers ask by a child: then the client is whoever started it, and the child is left alone, as
it would be when its parent crashes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

from drivers.simulated.faults import Note

LOG = logging.getLogger(__name__)
LOOKS = 20


@dataclass
class SignalClient:
    """Sends a signal to the process, one of ``pids``, that sent the request or whose child did.

    SIGKILL for a crash, SIGSTOP for a worker that freezes between asking and being answered.
    """

    pids: tuple[int, ...]
    signal: str = 'SIGKILL'
    sent: list[int] = field(default_factory=list)  #: pids that got it
    _met: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.signal not in signal.Signals.__members__:
            raise ValueError(f'no signal {self.signal!r}: SIGKILL or SIGSTOP, for example')

    def meet(self, request: Note) -> None:
        """Find the client while it waits: once it is answered it may close its connection."""
        # The kernel's tables may leave a line out when others come and go while they are read.
        port = request.client.rpartition('/')[2]
        self._met = next(filter(None, (self._holding(port) for _ in range(LOOKS))), [])
        if not self._met:
            LOG.warning('none of %s sent %s: no %s', self.pids, request, self.signal)

    def __call__(self, request: Note) -> bool:
        """Send it. Returns whether the client is dead now."""
        for pid in self._met:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.Signals[self.signal])
                self.sent.append(pid)
        return bool(self._met) and self.signal == 'SIGKILL'

    def _holding(self, port: str) -> list[int]:
        links = {f'socket:[{inode}]' for inode in _inodes(port)}
        if not links:
            return []
        return [pid for pid in self.pids if _holds(pid, links)] or [
            pid for pid in self.pids if any(_holds(child, links) for child in _descendants(pid))
        ]


def _inodes(port: str) -> set[str]:
    """The inodes of the sockets whose local port that is."""
    found = set[str]()
    if not port.isdigit():
        return found
    wanted = f':{int(port):04X}'
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                words = line.split()
                if words[1].endswith(wanted) and words[9] != '0':
                    found.add(words[9])
    return found


def _descendants(pid: int) -> list[int]:
    children = dict[int, list[int]]()
    for entry in Path('/proc').iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended
                parent = (entry / 'stat').read_text().rpartition(')')[2].split()[1]
                children.setdefault(int(parent), []).append(int(entry.name))
    found = [pid]
    for one in found:  # grows while it is read
        found += children.get(one, [])
    return found[1:]


def _holds(pid: int, links: set[str]) -> bool:
    with contextlib.suppress(OSError):
        for entry in Path(f'/proc/{pid}/fd').iterdir():
            with contextlib.suppress(OSError):
                if os.readlink(entry) in links:
                    return True
    return False
