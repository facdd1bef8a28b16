"""Decisions are kept with every gate, and found by recovery and by alarm."""

from __future__ import annotations

from pathlib import Path

from recovery.db import decisions, events
from recovery.db.tables import META
from tests.databases import add, database, opened


def test_decisions_and_events_are_found_in_order(tmp_path: Path) -> None:
    with database('sqlite', tmp_path) as url, opened(url) as store:
        META.create_all(store.engine)
        with store.write() as connection:
            recovery = str(add(connection, 'recovery')['id'])
            assert decisions.newest(connection, recovery) is None
            gates = [{'gate': 'nova', 'answer': 'hold'}]
            for stage, answer in (('intake', 'hold'), ('held', 'admit')):
                decisions.add(
                    connection, stage=stage, answer=answer, gate='nova', reason='so',
                    gates=gates, at=1.0, recovery=recovery, alarm='a' * 36,
                )  # fmt: skip
                events.add(connection, 'ann', stage, at=1.0, recovery=recovery)
            found = decisions.of_recovery(connection, recovery)
            assert [row['stage'] for row in found] == ['intake', 'held']
            assert decisions.of_alarm(connection, 'a' * 36) == found
            assert decisions.newest(connection, recovery) == found[-1]
            assert found[0]['gates'] == gates
            assert [row['what'] for row in events.of_recovery(connection, recovery)] == [
                'intake', 'held',
            ]  # fmt: skip
