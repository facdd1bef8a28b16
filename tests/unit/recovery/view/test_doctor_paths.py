"""Hosts that could not be fenced are named, but not a thousand of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recovery.db import tables
from recovery.view.doctor_paths import paths
from tests.unit.recovery.claims.scene import Scene, scene


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path) as made:
        yield made


def stored(here: Scene, *verdicts: str) -> None:
    now = here.clock.now()
    with here.store.write() as connection:
        for number, verdict in enumerate(verdicts, start=1):
            values = {'host': f'c{number}', 'verdict': verdict, 'devices': [], 'at': now}
            connection.execute(tables.fence_path.insert().values(**values, since=now - 120))


def found(here: Scene) -> list[tuple[str, str]]:
    return [(str(one.level), one.finding) for one in paths(here.store)]


def test_nothing_was_checked(here: Scene) -> None:
    stored(here, '')
    assert found(here) == []


def test_all_well(here: Scene) -> None:
    stored(here, 'well: off should work', 'well: off should work', '')
    assert found(here) == [('ok', 'well, of 2 hosts that were checked')]


def test_a_broken_one_is_named_with_since_and_why(here: Scene) -> None:
    stored(here, 'broken: bmc at h: no answer', 'degraded: pdu', 'well: ok')
    assert found(here) == [
        ('bad', 'c1, for 2 min 0 s: broken: bmc at h: no answer'),
        ('warn', 'not every device is well of c2'),
    ]
    assert next(iter(paths(here.store))).todo == 'recovery fence test c1'


def test_many_are_counted(here: Scene) -> None:
    stored(here, *['broken: x'] * 40, *['unclear: y'] * 9)
    said = found(here)
    assert len(said) == 7
    assert said[5] == ('bad', 'and those of 35 other hosts are broken')
    assert said[6] == ('warn', 'not every device is well of c41, c42, c43, c44, c45 and 4 others')
