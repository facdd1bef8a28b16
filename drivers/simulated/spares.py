"""What the oracle says of reserved hosts: opened only for a proven failure, shut only when empty.

A scenario notes ``spare.reserved`` with the host; what others change of it is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator

from drivers.simulated.world import World


def judge(world: World) -> Iterator[tuple[str, float, str]]:
    """Rule, time and sentence of each breach."""
    spares: set[str] = set()
    others: set[str] = set()
    down: set[str] = set()
    ours: dict[str, tuple[float, bool]] = {}  # spare: when we changed it last, and to what
    for event in world.trace.events:
        host = event.subject
        if event.what == 'spare.reserved':
            spares.add(host)
        elif event.what in ('others.begin', 'others.end'):
            (others.add if event.what == 'others.begin' else others.discard)(host)
        elif event.what == 'service.forced-down':
            down.add(host)
            ours.pop(host, None)  # it has failed itself
        elif event.what == 'service.forced-up':
            down.discard(host)
        elif event.what in ('service.enabled', 'service.disabled') and host in spares - others:
            ours[host] = (event.when, event.what == 'service.enabled')
            if event.what == 'service.enabled' and not down - {host}:
                yield 'S1', event.when, f'spare {host} was enabled, and no host is proven off'
    for host, (when, enabled) in ours.items():
        there = [one.name for one in world.instances_on(host)]
        there += [f'record {one.id}' for one in world.evacuations() if one.destination == host]
        if not enabled and there:
            yield 'S23', when, f'spare {host} was given back with {", ".join(there)} on it'
