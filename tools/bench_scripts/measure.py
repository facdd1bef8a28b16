"""One scenario, once by the service and once by the floor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from peer_scripts.processes import Failed, wait_for
from peer_scripts.settings import TOP
from quickstart_scripts.world import Cloud

from bench_scripts import site
from bench_scripts.scenario import FOLDER, Scenario, cloud, counted, crash
from drivers.contracts.alarms import Alarm
from recovery.db import states, tables
from recovery.intake import receive
from recovery.site import Site

LONGEST = 900.0


@dataclass(frozen=True)
class Measured:
    """Seconds, MB, and requests by kind."""

    wall: float  #: from the alarm until the last instance has moved
    restore: float  #: of that, since the host was known to be off; the longest of all hosts
    cpu: float
    memory: float
    requests: Mapping[str, int]
    first_effect: float = 0.0  #: from admission; the worst of all hosts


def floor(scenario: Scenario) -> Measured:
    """Raises Failed."""
    folder = FOLDER / f'{scenario.name}-floor'
    with cloud(scenario, folder) as served:
        crash(scenario, served)
        told = folder / 'settings.json'
        told.write_text(json.dumps({'url': served.url, 'failed': scenario.failed}))
        before = counted(served)
        ran = subprocess.run(
            [sys.executable, '-m', 'bench_scripts.floor', str(told)],
            env={**os.environ, 'OS_CLIENT_CONFIG_FILE': str(served.clouds_file)},
            cwd=TOP / 'tools', capture_output=True, text=True, timeout=LONGEST,
        )  # fmt: skip
        if ran.returncode:
            raise Failed(f'the floor: {ran.stderr.strip()}')
        requests = Counter(counted(served))
        requests.subtract(before)
        _judge(scenario, served)
        return Measured(**json.loads(ran.stdout), requests=+requests)


def ours(scenario: Scenario, url: str | None) -> Measured:
    """Raises Failed."""
    folder = FOLDER / scenario.name
    with cloud(scenario, folder) as served, site.database(url, folder, scenario.name) as database:
        path = site.write(folder, database, served.url)
        site.upgrade(path)
        worker = site.Worker(folder)
        try:
            worker.start(path)
            return _ours(scenario, served, worker, path)
        finally:
            worker.stop()


def _ours(scenario: Scenario, served: Cloud, worker: site.Worker, path: Path) -> Measured:
    here = site.open_site(path)
    here.compute.services(timeout=10.0)
    crash(scenario, served)
    requests, used = Counter(counted(served)), worker.usage()
    for host in scenario.failed:
        alarm = Alarm('bench', host, 'host-down', host, at=time.time(), requested_by='bench')
        outcome = receive(here, alarm)
        if outcome.answer != 'admit':
            raise Failed(f'{host}: {outcome.answer}: {outcome.reason}')
    if not wait_for(lambda: _ended(here), LONGEST):
        raise Failed(f'not every recovery ended within {LONGEST:g} s; see {folder_of(path)}')
    after = worker.usage()
    spent = Counter(counted(served))
    spent.subtract(requests)
    wrong = [row['reason'] for row in _recoveries(here) if row['state'] != states.DONE]
    if wrong:
        raise Failed(f'{len(wrong)} recoveries are not done: {wrong[0]}; see {folder_of(path)}')
    _judge(scenario, served)
    return Measured(
        **_times(here, served),
        cpu=after.cpu - used.cpu,
        memory=after.memory,
        requests=+spent,
    )


def folder_of(path: Path) -> str:
    return str(path.parent.relative_to(TOP))


def _recoveries(here: Site) -> list[Mapping[str, Any]]:
    with here.store.read() as connection:
        rows = connection.execute(sa.select(tables.recovery)).mappings()
        return [dict(row) for row in rows]


def _ended(here: Site) -> bool:
    time.sleep(0.2)  # looking costs the worker time
    live = sa.select(sa.func.count()).where(tables.recovery.c.state.in_(states.LIVE - {'waiting'}))
    with here.store.read() as connection:
        return not connection.execute(live).scalar()


def _times(here: Site, served: Cloud) -> dict[str, float]:
    truth, now = served.ask(), time.time()
    began = now - truth['time']
    disabled = {
        one['subject']: began + one['when']
        for one in served.events()
        if one['what'] == 'service.disabled'
    }
    rows = {row['id']: row for row in _recoveries(here)}
    with here.store.read() as connection:
        item, alarm, proof = tables.item, tables.alarm, tables.proof
        first = connection.execute(sa.select(sa.func.min(alarm.c.arrived_at))).scalar_one()
        query = sa.select(item.c.recovery, sa.func.max(item.c.ended_at)).group_by(item.c.recovery)
        last = dict(connection.execute(query).tuples().all())
        query = sa.select(proof.c.recovery, sa.func.max(proof.c.at)).group_by(proof.c.recovery)
        proven = dict(connection.execute(query).tuples().all())
    return {
        'wall': max(last.values()) - first,
        'restore': max(last[key] - proven[key] for key in last),
        'first_effect': max(disabled[row['host']] - row['created_at'] for row in rows.values()),
    }


def _judge(scenario: Scenario, served: Cloud) -> None:
    """A number counts only if the work was done."""
    lost = [
        one['name']
        for one in served.ask()['instances'].values()
        if one['host'] in scenario.failed
        or one['running_on'] != ([] if one['vm_state'] == 'stopped' else [one['host']])
    ]
    if lost:
        raise Failed(f'{len(lost)} instances were not brought back, {lost[0]} for one')
