"""How long a monitor waits for its answer: ours, against Masakari's own API on this machine.

Both have one process, SQLite, the same simulated Keystone and Nova, and nobody who works. Both are
asked in turns, so that what else the machine does slows both.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from compare_scripts import asking, installed, servers
from compare_scripts.servers import Api
from peer_scripts.processes import Failed

from bench_scripts import report, sections

HOSTS, SENDERS, BLOCK, SPARE = 200, 20, 20, 40
#: What is posted about each host: name, payload.
KINDS = (
    ('STARTED', {'event': 'STARTED', 'host_status': 'NORMAL', 'cluster_status': 'ONLINE'}),
    ('STOPPED', {'event': 'STOPPED', 'host_status': 'NORMAL', 'cluster_status': 'OFFLINE'}),
    ('STOPPED again', {'event': 'STOPPED', 'host_status': 'NORMAL', 'cluster_status': 'OFFLINE'}),
)
HEAD = ('notification', 'senders', 'median', 'Masakari', 'ratio', 'p95', 'Masakari', 'ratio',
        'answers')  # fmt: skip
TITLE = "## Against Masakari's own API"
MEANING = f"""\
`tools/bench --masakari --write` measured this: notifications of type COMPUTE_HOST about {HOSTS}
hosts, half of them one by one and half from {SENDERS} senders at once, {BLOCK} to the one API and
the same {BLOCK} to the other in turns. Ours decides before it answers (it asks Nova about the host,
and stores the decision with the recovery); Masakari's stores the row and leaves the rest to its
engine, which is not measured here. By default Masakari's waits up to 5 s, 2.5 s on average, before
each answer (`notification_delay_max`); that is switched off here."""


@dataclass
class Taken:
    """Answers of one API to one kind under one load."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def median(self) -> float:
        """Milliseconds."""
        return 1000 * statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        """Milliseconds."""
        return 1000 * statistics.quantiles(self.seconds, n=20)[-1]


class Sender:
    """Who posts to one API, over connections that stay open."""

    def __init__(self, api: Api, token: str) -> None:
        self.api = api
        self._sessions = [requests.Session() for _ in range(SENDERS)]
        for session in self._sessions:
            session.trust_env = False
            session.headers['X-Auth-Token'] = token

    def enrol(self, hosts: Sequence[str]) -> None:
        """They are hosts of one segment. Raises Failed."""
        segment = {'name': 'rack', 'recovery_method': 'auto', 'service_type': 'COMPUTE'}
        uuid = self._make('/v1/segments', 'segment', segment)['uuid']
        for name in hosts:
            host = {'name': name, 'type': 'COMPUTE', 'control_attributes': 'SSH'}
            self._make(f'/v1/segments/{uuid}/hosts', 'host', host)

    def send(self, hosts: Sequence[str], payload: Any, at: str, senders: int, into: Taken) -> None:
        """One notification about each."""

        def share(number: int) -> list[tuple[float, int]]:
            return [
                self._post(self._sessions[number], host, payload, at)
                for host in hosts[number::senders]
            ]

        with ThreadPoolExecutor(senders) as pool:
            for found in pool.map(share, range(senders)):
                for seconds, status in found:
                    into.seconds.append(seconds)
                    into.statuses[status] += 1

    def _post(
        self, session: requests.Session, host: str, payload: Any, at: str
    ) -> tuple[float, int]:
        body = {'type': 'COMPUTE_HOST', 'hostname': host, 'generated_time': at, 'payload': payload}
        begun = time.perf_counter()
        answer = session.post(
            f'{self.api.url}/v1/notifications', json={'notification': body}, timeout=120
        )
        return time.perf_counter() - begun, answer.status_code

    def _make(self, path: str, key: str, body: Any) -> Any:
        answer = self._sessions[0].post(self.api.url + path, json={key: body}, timeout=60)
        if answer.status_code != 201:
            raise Failed(f'{self.api.name}: {path}: {answer.status_code} {answer.text[:200]}')
        return answer.json()[key]


def run(folder: Path, page: Path, *, write: bool) -> int:
    """Measure, print, and with ``write`` put the section into the page. Returns the exit code.

    :raises Failed: one of the two does not start, or does not take hosts.
    """
    place = installed.install(folder)
    work = Path(tempfile.mkdtemp(prefix='recovery-posts-'))
    with (
        servers.cloud(work / 'world', HOSTS + SPARE) as served,
        servers.masakari(place, work, served) as masakari,
        servers.ours(work, served) as ours,
    ):
        token = dict(asking.tokens_of(requests.Session(), served))['admin']
        both = Sender(masakari, token), Sender(ours, token)
        hosts = sorted(served.ask()['hosts'])[:HOSTS]
        for each in both:
            each.enrol(hosts)
        servers.crash(served, hosts)
        rows = list(_measure(both, hosts))
    shutil.rmtree(work)
    lines = [*report.table(HEAD, rows), '', f'Measured on: {report.machine("SQLite")}.']
    print('\n'.join(lines))
    if write:
        sections.put(page, 'posts', [TITLE, '', *lines, '', *MEANING.splitlines()])
    return 0


def _measure(both: tuple[Sender, Sender], hosts: Sequence[str]) -> Iterator[list[str]]:
    at = datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat()
    for name, payload in KINDS:
        for senders, share in ((1, hosts[::2]), (SENDERS, hosts[1::2])):
            taken = Taken(), Taken()
            for turn, first in enumerate(range(0, len(share), BLOCK)):
                for which in (turn % 2, 1 - turn % 2):
                    block = share[first : first + BLOCK]
                    both[which].send(block, payload, at, senders, taken[which])
            yield _row(name, senders, *taken)


def _row(name: str, senders: int, theirs: Taken, ours: Taken) -> list[str]:
    said = ', '.join(
        ' '.join(f'{count} x {status}' for status, count in sorted(one.statuses.items()))
        for one in (ours, theirs)
    )
    return [
        name, str(senders),
        f'{ours.median:.1f} ms', f'{theirs.median:.1f} ms', f'{ours.median / theirs.median:.2f}',
        f'{ours.p95:.1f} ms', f'{theirs.p95:.1f} ms', f'{ours.p95 / theirs.p95:.2f}',
        said if ours.statuses != theirs.statuses else said.split(', ')[0],
    ]  # fmt: skip
