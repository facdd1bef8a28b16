"""The real Alertmanager posts to us: firing, grouped, again after our 503, truncated, resolved."""

from __future__ import annotations

import datetime
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
import waitress
from waitress import wasyncore

from recovery import plugins
from recovery.api import app
from recovery.cli import options
from recovery.db import tables
from recovery.site import Site
from tests.integration.shared import CLOCK, until
from tests.peers import need
from tests.unit.recovery.cli.site import cloud, operator

TOKEN = 'not-a-secret-token-1'
SOURCES = 'sources: {am: {driver: alertmanager, token: {file: token}}}\n'
RECEIVERS = """
route:
  receiver: all
  group_by: [rack]
  group_wait: 500ms
  group_interval: 1s
  repeat_interval: 1h
  routes: [{{receiver: two, matchers: ['rack=~"full-.*"']}}]
receivers:
- name: all
  webhook_configs: [{{url: {url}, http_config: &auth {{authorization: {{credentials: {token}}}}}}}]
- name: two
  webhook_configs: [{{url: {url}, max_alerts: 2, http_config: *auth}}]
"""
Row = sa.RowMapping


class Served:
    """The API of a site, and what it answered."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.statuses: list[str] = []
        self._inside = app.build(site)
        self._sockets: dict[int, Any] = {}
        self.server = waitress.create_server(
            self, map=self._sockets, host='127.0.0.1', port=0, threads=4
        )

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        def noting(status: str, *more: Any) -> Any:
            self.statuses.append(status[:3])
            return start(status, *more)

        return self._inside(environ, noting)

    def close(self) -> None:
        """Connections that Alertmanager keeps open included."""
        wasyncore.close_all(self._sockets, ignore_all=True)
        self.site.store.close()

    def alarms(self) -> list[Row]:
        with self.site.store.read() as connection:
            return list(connection.execute(sa.select(tables.alarm)).mappings())

    def story(self) -> list[str]:
        with self.site.store.read() as connection:
            return [
                str(what) for what in connection.execute(sa.select(tables.event.c.what)).scalars()
            ]


@pytest.fixture(scope='module')
def alertmanager() -> str:
    return need('alertmanager')


@pytest.fixture
def served(alertmanager: str, tmp_path: Path) -> Iterator[Served]:
    """A site whose Alertmanager has just begun to post to it."""
    (tmp_path / 'token').write_text(TOKEN)
    (tmp_path / 'token').chmod(0o600)
    (tmp_path / 'sources.yaml').write_text(SOURCES)
    with cloud(tmp_path) as (_world, found), operator(tmp_path, found):
        conf = options.load([str(tmp_path / 'recovery.conf')], [], {})
        conf.set_override('file', str(tmp_path / 'sources.yaml'), 'sources')
        conf.set_override('auth', 'noauth', 'api')
        conf.set_override('busy_seconds', 0.5, 'database')
        one = Served(plugins.open_site(conf, CLOCK, kind='api'))
        threading.Thread(target=one.server.run, daemon=True).start()
        with posting_to(f'http://127.0.0.1:{one.server.effective_port}/alarms/am', alertmanager):
            yield one
        one.close()


@contextmanager
def posting_to(url: str, alertmanager: str) -> Iterator[None]:
    config = Path(os.environ['RECOVERY_TEST_ALERTMANAGER_CONFIG'])
    before = config.read_text()
    config.write_text(RECEIVERS.format(url=url, token=TOKEN))
    try:
        requests.post(f'{alertmanager}/-/reload', timeout=9).raise_for_status()
        yield
    finally:
        while FIRED:
            rack, hosts = FIRED.popitem()
            fire(alertmanager, *hosts, rack=rack, ended=True)
            FIRED.pop(rack)
        config.write_text(before)
        requests.post(f'{alertmanager}/-/reload', timeout=9)


FIRED: dict[str, tuple[str, ...]] = {}  #: hosts by rack; who is given other receivers hears of all


def fire(alertmanager: str, *hosts: str, rack: str, ended: bool = False) -> None:
    """Alerts of now, or their end."""
    FIRED.setdefault(rack, hosts)
    now = datetime.datetime.now(datetime.UTC)
    last = now if ended else now + datetime.timedelta(minutes=5)
    alerts = [
        {'labels': {'alertname': 'ComputeDown', 'instance': f'{host}:9100', 'rack': rack},
         'annotations': {'summary': f'{host} is down'}, 'endsAt': last.isoformat()}
        for host in hosts
    ]  # fmt: skip
    if not ended:
        for one in alerts:
            one['startsAt'] = now.isoformat()
    requests.post(f'{alertmanager}/api/v2/alerts', json=alerts, timeout=9).raise_for_status()


def test_a_group_fires_and_one_of_it_is_over(served: Served, alertmanager: str) -> None:
    rack = CLOCK.new_id()  # the peer remembers groups of other runs
    fire(alertmanager, 'compute-01', 'compute-02', 'stranger', rack=rack)
    until('each has an answer', lambda: sum(bool(one['answer']) for one in served.alarms()) == 3)
    found = {one['subject']: one for one in served.alarms()}
    assert sorted(found) == ['compute-01', 'compute-02', 'stranger:9100']
    assert [found[name]['answer'] for name in sorted(found)] == ['hold', 'hold', 'ignore']
    assert served.statuses == ['202']
    fire(alertmanager, 'compute-01', rack=rack, ended=True)
    said = 'am says that it is over: host-down compute-01:9100'
    until('its end is told', lambda: said in served.story())
    assert len(served.alarms()) == 3


def test_what_we_cannot_store_is_sent_again(
    served: Served, alertmanager: str, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / 'recovery.sqlite', isolation_level=None)) as other:
        other.execute('BEGIN IMMEDIATE')  # and nobody else writes
        fire(alertmanager, 'compute-03', rack=CLOCK.new_id())
        until('it tries again', lambda: served.statuses.count('503') >= 2)
        assert served.alarms() == []
        other.execute('ROLLBACK')
    until('there is an answer', lambda: any(one['answer'] for one in served.alarms()))
    until('it is taken', lambda: '202' in served.statuses)
    assert [one['subject'] for one in served.alarms()] == ['compute-03']


def test_a_message_that_leaves_alarms_out(served: Served, alertmanager: str) -> None:
    rack, hosts = f'full-{CLOCK.new_id()}', [f'host-{number}' for number in range(5)]
    fire(alertmanager, *hosts, rack=rack)
    until(
        'it is told',
        lambda: any('left 3 alarms out of a message' in one for one in served.story()),
    )
    assert len(served.alarms()) == 2
