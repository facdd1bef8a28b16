"""Fence paths that break while nobody needs them are noticed before somebody does."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from drivers.contracts.errors import DriverError
from drivers.contracts.inventory import InventoryError
from recovery.db import events, fence_paths
from recovery.db.fence_paths import FencePathRow
from recovery.site import Site
from recovery.view.fence_paths import Grade, Path, ask_all

LOG = logging.getLogger(__name__)

HOSTS_SECONDS = 60.0  #: between two questions which hosts there are
READ_SECONDS = 20.0
AT_ONCE = 8
EACH_LOOK = 16  #: hosts; the rest is due at the next look
SINGLY = 3  #: more changes of one kind than this are told in one sentence

_TOLD: Mapping[str, str] = {
    Grade.WELL: 'well again',
    Grade.DEGRADED: 'degraded',
    Grade.BROKEN: 'broken',
    Grade.UNCLEAR: 'unclear',
}


class FenceCheck:
    """Any number of them may run: each due row is won by compare-and-set."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._asked_nova = float('-inf')
        self._said: dict[str, str] = {}

    def sweep(self) -> None:
        """Check some hosts that are due. Raises StoreAway."""
        site, period = self._site, self._site.conf.watcher.fence_check_seconds
        if not period:
            return
        self._know_hosts(period)
        rows = self._won(period)
        if not rows:
            return
        try:
            paths = list(ask_all(site, [row.host for row in rows], AT_ONCE))
        except InventoryError as error:
            self._say('inventory', f'no fence path can be checked: {error}')
            return
        self._said.pop('inventory', None)
        site.store.transact(lambda connection: self._record(connection, rows, paths))

    def _know_hosts(self, period: float) -> None:
        site, now = self._site, self._site.clock.elapsed()
        if now - self._asked_nova < HOSTS_SECONDS:
            return
        self._asked_nova = now
        try:
            names = {one.host for one in site.compute.services(timeout=READ_SECONDS)}
        except DriverError as error:
            self._say('nova', f'which fence paths there are to check is as of before: {error}')
            return
        self._said.pop('nova', None)
        at = site.clock.now()
        site.store.transact(lambda connection: fence_paths.know(connection, names, at, period))

    def _won(self, period: float) -> list[FencePathRow]:
        store, now = self._site.store, self._site.clock.now()
        with store.read() as connection:
            rows = fence_paths.due(connection, now, period, EACH_LOOK)
        if not rows:
            return []

        def work(connection: sa.Connection) -> list[FencePathRow]:
            return [row for row in rows if fence_paths.take(connection, row, now, period)]

        return store.transact(work)

    def _record(
        self, connection: sa.Connection, rows: Sequence[FencePathRow], paths: Sequence[Path]
    ) -> None:
        now = self._site.clock.now()
        # Somebody may have begun to work at a host while its devices were asked.
        healthy = fence_paths.healthy(connection, [row.host for row in rows])
        changed: dict[Grade, list[Path]] = {}
        for before, path in zip(rows, paths, strict=True):
            if path.host not in healthy:
                continue
            same = before.grade == path.grade
            if not same and (before.grade or path.grade is not Grade.WELL):
                changed.setdefault(path.grade, []).append(path)
            fence_paths.put(
                connection,
                FencePathRow(
                    host=path.host,
                    off_works=path.off_works,
                    on_works=path.on_works,
                    verdict=path.verdict,
                    devices=[one.as_json() for one in path.devices],
                    at=now,
                    since=before.since if same else now,
                ),
            )
        for grade, some in changed.items():
            for what, why in _sentences(grade, some):
                events.add(connection, self._site.identity.name, what, why, at=now)
                LOG.warning('%s: %s', what, why)

    def _say(self, about: str, sentence: str) -> None:
        if sentence != self._said.get(about):
            self._said[about] = sentence
            LOG.warning('%s', sentence)


def _sentences(grade: Grade, paths: Sequence[Path]) -> list[tuple[str, str]]:
    """What is told, and why: a switch that died is one sentence, not a thousand."""
    if len(paths) <= SINGLY:
        return [(f'the fence path of {one.host} is {_TOLD[grade]}', one.verdict) for one in paths]
    names = ', '.join(one.host for one in paths)
    return [(f'the fence paths of {len(paths)} hosts are {_TOLD[grade]}: {names}',
             f'{paths[0].host}: {paths[0].verdict}')]  # fmt: skip
