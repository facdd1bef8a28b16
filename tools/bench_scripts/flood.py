"""Very many alarms: each is posted ten times, by ten of fifty senders at the same moment."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from compare_scripts.servers import Api
from peer_scripts.processes import Failed

SENDERS, TIMES = 50, 10
GROUPS = SENDERS // TIMES  #: of senders that say the same at the same time
TAKEN, KNOWN = 202, 409
AGAIN = (0, 429, 503)  #: 0: no answer. What a sender sends once more
PAUSE, PATIENCE = 0.2, 300.0  #: seconds
NOTIFICATION, NATIVE, WEBHOOK = 'notification', 'native', 'webhook'
EVERY_WAY = (NOTIFICATION, NOTIFICATION, NATIVE, WEBHOOK)  #: of four alarms
SOURCE, SECRET = 'am', 'not-a-secret-token-1'
STOPPED = {'event': 'STOPPED', 'host_status': 'NORMAL', 'cluster_status': 'OFFLINE'}


@dataclass(frozen=True)
class Answer:
    """What one post was told at last."""

    way: str
    at: float  #: seconds since the first post
    seconds: float  #: until it came; posts that had to be sent again count from the first one
    status: int
    first: bool  #: the alarm was not known before
    promised: tuple[str, ...]  #: IDs of what is said to be stored
    again: tuple[int, ...]  #: why it had to be sent again, each time


class Flood:
    """Who posts to one API. One connection for each sender, which stays open.

    :param ways: in which the alarms come, in turns.
    """

    def __init__(self, api: Api, token: str, hosts: Sequence[str], ways: Sequence[str]) -> None:
        self.api = api
        self.answers: list[Answer] = []
        self.busy = 0.0  #: seconds that posts took, blocks added up
        self._hosts, self._ways = hosts, ways
        self._at = datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat()
        self._sessions = [requests.Session() for _ in range(SENDERS)]
        for session in self._sessions:
            session.trust_env = False
            session.headers['X-Auth-Token'] = token
        self._over = threading.Event()

    def enrol(self) -> None:
        """The hosts are those of one segment. Raises Failed."""
        segment = {'name': 'rack', 'recovery_method': 'auto', 'service_type': 'COMPUTE'}
        uuid = self._made('/v1/segments', {'segment': segment})['segment']['uuid']
        for name in self._hosts:
            host = {'name': name, 'type': 'COMPUTE', 'control_attributes': 'SSH'}
            self._made(f'/v1/segments/{uuid}/hosts', {'host': host})

    def send(self, numbers: range) -> None:
        """Post the alarms of those numbers, each of them ten times. Raises Failed."""
        begun = time.perf_counter()

        def share(sender: int) -> list[Answer]:
            # Ten senders have the same alarms in the same order: they post each of them at once.
            mine = numbers[sender % GROUPS :: GROUPS]
            posts = (self._insist(self._sessions[sender], one, begun) for one in mine)
            return list(itertools.takewhile(lambda _: not self._over.is_set(), posts))

        with ThreadPoolExecutor(SENDERS) as pool:
            try:
                for answers in pool.map(share, range(SENDERS)):
                    self.answers += answers
            except BaseException:  # one of them failed, or the whole is ended
                self._over.set()
                raise
        self.busy += time.perf_counter() - begun

    def _insist(self, session: requests.Session, number: int, zero: float) -> Answer:
        begun, again = time.perf_counter(), list[int]()
        while True:
            status, said = self._post(session, number)
            now = time.perf_counter()
            if status not in AGAIN:
                break
            if now - begun > PATIENCE:
                raise Failed(f'{self.api.name}: alarm {number} is not taken: {again}')
            again.append(status)
            time.sleep(PAUSE)
        way = self._ways[number % len(self._ways)]
        named = tuple(promised(said)) if status == TAKEN else ()
        first = status == TAKEN and not _repeated(said)
        return Answer(
            way, self.busy + begun - zero, now - begun, status, first, named, tuple(again)
        )

    def _post(self, session: requests.Session, number: int) -> tuple[int, Any]:
        host, way = self._hosts[number], self._ways[number % len(self._ways)]
        path, more = '/recovery/v1/alarms', dict[str, str]()
        body: dict[str, Any] = {}
        if way == NOTIFICATION:
            path = '/v1/notifications'
            report = {'type': 'COMPUTE_HOST', 'hostname': host, 'generated_time': self._at}
            body = {'notification': {**report, 'payload': STOPPED}}
        elif way == NATIVE:
            key = f'alarm-{number}'
            body = {'kind': 'host-down', 'subject': host, 'source': 'load', 'key': key}
        else:
            path, body = f'/alarms/{SOURCE}', _alerts(host, number, f'{self._at}Z')
            more = {'Authorization': f'Bearer {SECRET}'}
        try:
            answer = session.post(self.api.url + path, json=body, headers=more, timeout=120)
            return answer.status_code, answer.json()
        except (requests.ConnectionError, requests.Timeout):
            return 0, {}
        except ValueError as error:
            raise Failed(f'{self.api.name}: {path} answers no JSON') from error

    def _made(self, path: str, body: Any) -> Any:
        answer = self._sessions[0].post(self.api.url + path, json=body, timeout=60)
        if answer.status_code != 201:
            raise Failed(f'{self.api.name}: {path}: {answer.status_code} {answer.text[:200]}')
        return answer.json()


def _alerts(host: str, number: int, at: str) -> dict[str, Any]:
    """What Alertmanager posts (version 4 of its webhook)."""
    labels = {'alertname': 'HostDown', 'instance': f'{host}:9100'}
    alert = {
        'status': 'firing', 'labels': labels, 'annotations': {},
        'startsAt': at, 'endsAt': '0001-01-01T00:00:00Z',
        'generatorURL': '', 'fingerprint': f'{number:016x}',
    }  # fmt: skip
    return {
        'version': '4', 'receiver': 'recovery', 'status': 'firing', 'alerts': [alert],
        'groupLabels': {}, 'commonLabels': labels, 'commonAnnotations': {}, 'externalURL': '',
        'groupKey': '{}', 'truncatedAlerts': 0,
    }  # fmt: skip


def promised(said: Any) -> Iterator[str]:
    """IDs that an answer of 202 names: of a notification, or of alarms."""
    if 'notification' in said:
        yield said['notification']['notification_uuid']
    elif 'alarms' in said:
        yield from (one['id'] for one in said['alarms'])
    else:
        yield said['alarm']


def _repeated(said: Any) -> bool:
    return any(one['repeated'] for one in said.get('alarms', [said]) if 'repeated' in one)
