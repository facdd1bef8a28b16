"""Jobs that do nothing: what a recovery costs before it does anything.

A flow of one empty step, installed beside the worker as anybody's flow would be. The floor is the
same flow, run by TaskFlow's own engine with TaskFlow's own persistence on the same database, one
after the other: no board, no claim, no lease, no story.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from peer_scripts.processes import Failed, wait_for
from taskflow import engines
from taskflow.patterns.linear_flow import Flow
from taskflow.persistence import models
from taskflow.persistence.backends import impl_sqlalchemy
from taskflow.task import Task

from bench_scripts import kept, site
from bench_scripts.scenario import FOLDER, Scenario, cloud
from recovery.db import recoveries, states, tables
from recovery.site import Site

KIND = 'bench-nothing'
JOBS = 200
KEPT = 10_000
MODULE = """\
from taskflow.patterns.linear_flow import Flow
from taskflow.task import Task


class Nothing(Task):
    def execute(self):
        return None


def build():
    return Flow('bench-nothing').add(Nothing('nothing'))
"""


class Nothing(Task):
    """It does nothing."""

    def execute(self) -> None:
        return None


def build() -> Flow:
    """The flow of the floor."""
    return Flow(KIND).add(Nothing('nothing'))


def jobs(url: str | None) -> tuple[float, float, float]:
    """Jobs per second: ours, ours beside :data:`KEPT` recoveries that have ended, and of the
    floor. Raises Failed."""
    folder = FOLDER / 'nothing'
    with (
        cloud(Scenario(0, 0, 0.0), folder) as served,
        site.database(url, folder, 'nothing') as database,
    ):
        path = site.write(folder, database, served.url)
        site.upgrade(path)
        worker = site.Worker(folder)
        try:
            worker.start(path, {'PYTHONPATH': str(_plugin(folder))})
            here = site.open_site(path)
            _jobs(here, 20)  # the first ones load what all need
            ours = _jobs(here, JOBS)
            kept.fill(here.store, KEPT)
            beside = _jobs(here, JOBS)
        finally:
            worker.stop()
        return ours, beside, _floor(here)


def _plugin(folder: Path) -> Path:
    """A distribution with one entry point, as pip would have left it."""
    plugin = folder / 'plugin'
    about = plugin / 'recovery_bench-0.dist-info'
    about.mkdir(parents=True)
    (about / 'METADATA').write_text('Metadata-Version: 2.1\nName: recovery-bench\nVersion: 0\n')
    (about / 'entry_points.txt').write_text(f'[recovery.flows]\n{KIND} = recovery_bench:build\n')
    (plugin / 'recovery_bench.py').write_text(MODULE)
    return plugin


def _jobs(here: Site, count: int) -> float:
    ids = [here.clock.new_id() for _ in range(count)]
    with here.store.write() as connection:
        for number, identifier in enumerate(ids):
            recoveries.create(
                connection,
                recoveries.Fresh(
                    id=identifier,
                    kind=KIND,
                    subject=f'nobody-{number}',
                    host=f'nobody-{number}',
                    state=states.READY,
                    reason='bench',
                    requested_by='bench',
                    arguments={},
                    created_at=here.clock.now(),
                ),
            )
    begun = time.monotonic()
    table = tables.recovery
    query = sa.select(table.c.state, sa.func.count()).where(table.c.id.in_(ids))

    def over() -> bool:
        with here.store.read() as connection:
            found: dict[str, int] = dict(
                connection.execute(query.group_by(table.c.state)).tuples().all()
            )
        if found.get(states.WAITING):
            raise Failed('an empty flow waits: see .bench/nothing/worker/log')
        return found.get(states.DONE) == count

    if not wait_for(over, 300.0):
        raise Failed('empty flows do not end: see .bench/nothing/worker/log')
    return count / (time.monotonic() - begun)


def _floor(here: Site) -> float:
    backend: Any = impl_sqlalchemy.SQLAlchemyBackend({}, engine=here.store.writer)
    begun = time.monotonic()
    for _ in range(JOBS):
        book = models.LogBook(KIND, here.clock.new_id())
        detail = models.FlowDetail(KIND, here.clock.new_id())
        book.add(detail)
        backend.get_connection().save_logbook(book)
        engine = engines.load(build(), flow_detail=detail, book=book, backend=backend)
        engine.run()
    return JOBS / (time.monotonic() - begun)
