"""Segments and reserved hosts on a stage."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db import members, segments, tables
from tests.stage import Stage


class Reserves:
    """What operators register, and what the oracle is told of it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def segment(self, name: str, method: str, *hosts: str) -> None:
        """A segment with that recovery method, and hosts that are members of it."""
        clock = self._stage.clock

        def work(connection: sa.Connection) -> None:
            fields = {'recovery_method': method, 'service_type': 'COMPUTE'}
            made = segments.add(connection, clock.new_id(), clock.now(), name=name, **fields)
            for host in hosts:
                members.add(connection, made, clock.new_id(), host, clock.now())

        self._stage.ask(lambda: self._stage.site.store.transact(work))

    def reserve(self, name: str, *hosts: str) -> None:
        """Reserved hosts of a segment, in this order; Nova has them disabled."""
        stage, clock = self._stage, self._stage.clock
        with stage.world as world:
            for one in hosts:
                host = world.hosts[one]
                host.enabled, host.disabled_reason, host.trait_disabled = False, 'for spares', True
                world.note('spare.reserved', one)

        def work(connection: sa.Connection) -> None:
            made = segments.named(connection, name)
            assert made is not None
            for one in hosts:
                if not members.reserve(connection, one, True, clock.now()):
                    uuid = clock.new_id()
                    members.add(connection, made, uuid, one, clock.now(), reserved=True)

        stage.ask(lambda: stage.site.store.transact(work))

    def said(self) -> str:
        """'compute-03 reserved, compute-04 taken', by name."""
        reserved = {row['name']: 'reserved' for row in self._stage.rows(tables.member)
                    if row['reserved']}  # fmt: skip
        taken = {row['host']: row['state'] for row in self._stage.rows(tables.spare)}
        both = sorted(reserved.keys() & taken.keys())
        assert not both, f'reserved and taken: {both}'
        return ', '.join(f'{name} {how}' for name, how in sorted((reserved | taken).items()))
