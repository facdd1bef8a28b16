"""What the newest checks of the fence paths found."""

from __future__ import annotations

from collections.abc import Iterator

from recovery.db import fence_paths
from recovery.db.store import Store
from recovery.view.finding import Finding, Level
from recovery.view.times import span

CHECK = 'fence path'
MANY = 5  #: hosts that are named; the rest is counted


def paths(store: Store) -> Iterator[Finding]:
    """Hosts that could not be fenced if they failed now. Asks no device."""
    with store.read() as connection:
        rows = [row for row in fence_paths.every(connection).values() if row.verdict]
    bad = [row for row in rows if row.grade == 'broken']
    for row in bad[:MANY]:
        since = span(store.clock.now() - row.since)
        said = f'{row.host}, for {since}: {row.verdict}'
        yield Finding(Level.BAD, CHECK, said, f'recovery fence test {row.host}')
    if len(bad) > MANY:
        said = f'and those of {len(bad) - MANY} other hosts are broken'
        yield Finding(Level.BAD, CHECK, said, 'recovery fence status')
    rest = [row for row in rows if row.grade in ('degraded', 'unclear')]
    if rest:
        said = f'not every device is well of {", ".join(row.host for row in rest[:MANY])}'
        said += f' and {len(rest) - MANY} others' if len(rest) > MANY else ''
        yield Finding(Level.WARN, CHECK, said, 'recovery fence status')
    if rows and not bad and not rest:
        yield Finding(Level.OK, CHECK, f'well, of {len(rows)} hosts that were checked')
