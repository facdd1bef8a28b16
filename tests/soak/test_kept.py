"""What is kept of recoveries that have ended costs nothing: no process ever reads all of it."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from tests.stage import Stage, play

#: Tables that grow for as long as rows are kept.
GROW = ('alarm', 'attempt', 'decision', 'event', 'intent', 'item', 'proof', 'recovery')
SCAN = re.compile(r'SCAN (\w+)')


@contextlib.contextmanager
def overheard(stage: Stage) -> Iterator[dict[str, Any]]:
    """Every statement of the stage's processes, with parameters that it once had."""
    found: dict[str, Any] = {}

    def hear(_c: object, _cursor: object, sql: str, given: Any, _x: object, many: bool) -> None:
        if stage.clock.actor and sql.startswith(('SELECT', 'UPDATE', 'DELETE')):
            found.setdefault(sql, given[0] if many else given)

    sa.event.listen(sa.Engine, 'before_cursor_execute', hear)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, 'before_cursor_execute', hear)


def test_no_process_reads_all_that_is_kept() -> None:
    with play(conf={'restore.policy': 'power-on'}) as stage, overheard(stage) as said:
        stage.worker('w1')
        stage.watcher()
        stage.world.crash('compute-02')
        stage.run(65.0)
        stage.alarm('compute-02')
        stage.until(lambda: len(stage.recoveries()) == 2 and stage.ended())
        stage.run(30.0)
        with contextlib.closing(sqlite3.connect(stage.folder / 'recovery.sqlite')) as database:
            scans = list(_scans(database, said))
        assert len(said) > 30
    assert not scans, '\n'.join(scans)


def _scans(database: sqlite3.Connection, said: dict[str, Any]) -> Iterator[str]:
    for sql, given in said.items():
        for *_, plan in database.execute(f'EXPLAIN QUERY PLAN {sql}', given):
            read = SCAN.match(plan)
            if read is not None and read.group(1) in GROW:
                yield f'{plan}: {sql}'
