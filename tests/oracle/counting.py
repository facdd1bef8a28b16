"""A judge of the numbers that Prometheus is told: by the rows, and by the truth of the world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from drivers.simulated.play import Broken
from recovery.db import tables
from recovery.view.numbers import count

if TYPE_CHECKING:
    from tests.oracle.judges import Play

EVER = 1e9  #: seconds: the whole play


def metrics_are_true(play: Play) -> Iterator[Broken]:
    """S26: no request counts as a host that is off, unless its host lost its power; and states
    and codes are counted as they are."""
    with play.stage.site.store.read() as connection:
        numbers = count(connection, play.stage.clock.now(), EVER)
    off = {event.subject for event in play.world.trace.find('power.off')}
    off |= {name for name, host in play.world.hosts.items() if not host.powered}
    most = sum(one['host'] in off for one in play.intents('power-off'))
    said = sum(n for (_driver, result), n in numbers.fences.items() if result == 'off')
    if said > most:
        yield play.broken('S26', f'{said} requests are counted as off, and {most} may have been')
    if sum(numbers.fences.values()) != len(play.intents('power-off')):
        yield play.broken('S26', 'requests to cut the power are left out of the numbers')
    rows = play.rows(tables.recovery)
    if dict(numbers.recoveries) != Counter((row['kind'], row['state']) for row in rows):
        yield play.broken('S26', f'recoveries are counted as {dict(numbers.recoveries)}')
    waiting = Counter((row['kind'], row['code']) for row in rows if row['state'] == 'waiting')
    if dict(numbers.waiting) != waiting:
        yield play.broken('S26', f'waiting ones are counted as {dict(numbers.waiting)}')
