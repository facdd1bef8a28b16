"""The simulated cloud as a process, and its own word on what is true there: ``/_world``."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from peer_scripts.processes import Failed, Process, wait_for
from peer_scripts.settings import TOP

BIN = TOP / '.venv' / 'bin'


def forget_environment() -> None:
    """Drop what an operator's shell may say about another cloud, here and for what we start."""
    for name in [*os.environ]:
        if name.startswith(('OS_', 'RECOVERY_')) or name == 'PYTHONPATH':
            del os.environ[name]


class Cloud:
    """A simulated cloud of its own, listening on a free port.

    :param options: of ``recovery-simulated``.
    """

    def __init__(self, folder: Path, options: Sequence[str]) -> None:
        self.process = Process(folder)
        self.clouds_file = folder / 'clouds.yaml'
        self._options = options
        self.url = ''

    def start(self) -> None:
        """Raises Failed when it does not come up."""
        arguments = [*self._options, '--clouds-file', str(self.clouds_file)]
        self.process.start([BIN / 'recovery-simulated', *arguments])

        def serves() -> bool:
            if self.process.pid() is None:
                raise Failed(f'the simulated cloud ended at once; see {self.process.log}')
            found = re.search(r'at (http://\S+)\n', self.process.log.read_text())
            self.url = found[1] if found else ''
            return bool(found)

        if not wait_for(serves, 30.0):
            raise Failed(f'the simulated cloud does not start; see {self.process.log}')

    def ask(self, path: str = '', **query: Any) -> Any:
        """The truth; see drivers/simulated/control.py for what there is."""
        text = f'?{urlencode(query, doseq=True)}' if query else ''
        return self._request('GET', f'{path}{text}', None)

    def tell(self, path: str, **body: Any) -> Any:
        """Make something happen."""
        return self._request('POST', path, body)

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        """What happened in the world, from that event on."""
        return list(self.ask('/trace', after=after)['events'])

    def _request(self, method: str, path: str, body: Any) -> Any:
        content = None if body is None else json.dumps(body).encode()
        headers = {'Content-Type': 'application/json'}
        request = Request(  # noqa: S310 - always http, to this machine
            f'{self.url}/_world{path}', content, headers, method=method
        )
        with urlopen(request, timeout=30.0) as answer:  # noqa: S310
            return json.load(answer)
