"""Decisions are kept with every gate, and found by recovery and by alarm."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from recovery.db import decisions, events
from recovery.db.tables import META
from recovery.db.upgrade import upgrade
from tests.databases import KINDS, add, database, opened


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


@pytest.mark.parametrize('kind', KINDS)
def test_inputs_are_kept_as_they_were_and_given_only_when_wanted(kind: str, tmp_path: Path) -> None:
    blob = random.Random(1).randbytes(300_000)  # five thousand hosts, packed
    with database(kind, tmp_path) as url, opened(url) as store:
        upgrade(store)
        with store.write() as connection:
            recovery = str(add(connection, 'recovery')['id'])
            for number, of in enumerate((None, recovery)):
                decisions.add(
                    connection, stage='intake', answer='hold', gate='nova', reason=f'{number}',
                    gates=[], at=1.0, recovery=of, alarm='a' * 36, inputs=blob if of else None,
                )  # fmt: skip
        with store.read() as connection:
            without = decisions.of_recovery(connection, recovery)
            assert [('inputs' in row) for row in without] == [False]
            both = decisions.of_recovery(connection, recovery, 'a' * 36, inputs=True)
            assert [row['inputs'] for row in both] == [None, blob]
            newest = decisions.newest(connection, recovery)
            assert newest is not None
            assert 'inputs' not in newest
