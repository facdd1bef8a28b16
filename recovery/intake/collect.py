"""Gathering the inputs of gates: each question is asked once, and only when a gate needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa

from drivers.contracts.compute import ComputeDriver, Instance
from drivers.contracts.errors import DriverError
from drivers.contracts.fencing import FenceDevice
from drivers.contracts.inventory import InventoryError
from recovery.claims import marks
from recovery.db import (
    alarms,
    decisions,
    guards,
    hosts,
    proofs,
    recoveries,
    states,
    workers,
)
from recovery.intake import domains, leftovers, places, shared
from recovery.intake.ask import Ask
from recovery.intake.authority import authority, highest
from recovery.intake.looks import Looks, looks
from recovery.intake.signs import signs
from recovery.intake.surroundings import cut_off_others, surroundings
from recovery.limits import limits
from recovery.policy import approvals, order, stamps
from recovery.policy.gate import Word
from recovery.policy.gates.nova import DOWN
from recovery.policy.inputs import (
    Approval,
    Device,
    Fences,
    HostRecord,
    Inputs,
    Limits,
    Live,
    Missing,
    Sight,
    Switch,
)
from recovery.site import Site

T = TypeVar('T')

IDENTITY_SECONDS = 5.0  #: a controller that is slower than this is left to the fence step


def before(ask: Ask) -> bool:
    """Whether no worker has begun: what is decided then, verify decides again."""
    return ask.row is None or ask.row['state'] == states.HELD


def _nova(site: Site, ask: Ask) -> ComputeDriver | Looks:
    """Whoever is about to fence asks for himself, whatever others have just seen."""
    return looks(site) if before(ask) else site.compute


def collect(site: Site, ask: Ask, needs: frozenset[str]) -> Inputs:
    """Everything that gates with these needs may look at.

    What a driver cannot say is Missing. Raises StoreAway.
    """
    instance: Instance | Missing | None = Missing()
    if 'instance' in needs:
        instance = _try(lambda: places.instance(site, _nova(site, ask), ask.subject))
    values = _remembered(site, ask, instance)
    values |= _asked(site, ask, needs, values['host'])
    if 'surroundings' in needs:
        values['surroundings'] = surroundings(site)
    if 'signs' in needs:
        services = values.get('services', Missing())
        values['signs'] = signs(site, values['host'].name, services, values['own'])
    return Inputs(
        kind=ask.kind,
        subject=ask.subject,
        alarm=ask.alarm,
        arrived_at=ask.arrived_at,
        joined_at=ask.joined.newest,
        recovery=ask.row['id'] if ask.row else None,
        approval=_approval(ask.row),
        limits=limits(site.conf),
        now=site.clock.now(),  # after the questions: ages count until their answers
        **values,
    )


def counted(
    connection: sa.Connection, numbers: Limits, now: float, host: str, kind: str = order.HOST_DOWN
) -> dict[str, Any]:
    """What changes with every fence, fresh from the database: switches, windows, storms, and the
    fence budget. For a host that is to be closed, others that are closed count as failed, too."""
    under_way = recoveries.under_way(connection, order.HOST_DOWN)
    if kind == order.SERVICE_DOWN:
        under_way |= recoveries.under_way(connection, kind)
    return {
        'paused': _switch(guards.paused(connection, host)),
        'disarmed': _switch(guards.disarmed(connection, host)),
        'windows': marks.windows_of(connection, host, now),
        'storms': domains.storms_on(connection),
        'fences': Fences(
            hosts=recoveries.fenced(connection, now - numbers.fence_window_seconds),
            under_way=under_way,
        ),
    }


def _remembered(site: Site, ask: Ask, instance: Instance | Missing | None) -> dict[str, Any]:
    numbers, now = limits(site.conf), site.clock.now()
    own = ask.row['id'] if ask.row else None
    host = places.place(ask.kind, ask.subject, ask.row, instance)
    restart = recoveries.of_instances(ask.kind)
    about, kind = (ask.subject, ask.kind) if restart else (host, order.HOST_DOWN)
    cut_off = cut_off_others(site)
    with site.store.read() as connection:
        record = marks.record_of(connection, host)
        live = recoveries.blocking(connection, ask.kind, ask.subject)
        since = now - numbers.attempts_window_seconds
        here, elsewhere = workers.here_and_elsewhere(connection, host, now, cut_off)
        return {
            **counted(connection, numbers, now, host, ask.kind),
            'authority': _authority(site, connection, ask, host),
            'host': record,
            'segment': domains.segment_of(connection, host),
            'own': marks.own_of(connection, host),
            'live': _live(live, ask.kind, own),
            'proven_at': _proven_at(connection, host, own),
            **_decided(connection, ask),
            'closed_at': recoveries.closed_at(
                connection, ask.subject if restart else host, ask.kind, but=own
            ),
            'carriers': domains.carriers(connection, host),
            'workers_here': here,
            'workers_elsewhere': elsewhere,
            'observing_since': workers.observing_since(connection, now),
            'failed_again_at': alarms.first_since(connection, own, record.returned_at),
            'recoveries': recoveries.count(connection, about, kind, since=since, but=own),
            'instance': instance,
            'above': places.above(connection, ask.kind, host),
        }


def _switch(guard: guards.Guard | None) -> Switch | None:
    return None if guard is None else Switch(guard.by, guard.reason, guard.scope)


def _authority(site: Site, connection: sa.Connection, ask: Ask, host: str) -> str:
    """Of the alarm's source, and of every other one that has said the same since."""
    if ask.alarm is None:
        return 'start'  # a human asks
    said = alarms.sources(connection, ask.row['id']) if ask.row is not None else frozenset()
    options, segment = site.conf.sources, hosts.get(connection, host).segment
    return highest(
        authority(options.authority, options.default, source, ask.kind, segment)
        for source in said | {ask.alarm.source}
    )


def _live(row: sa.RowMapping | None, kind: str, own: str | None) -> Live | None:
    if row is None or row['id'] == own or order.supersedes(kind, row['kind']):
        return None
    return Live(row['id'], row['kind'], row['state'])


def _decided(connection: sa.Connection, ask: Ask) -> dict[str, Any]:
    """What earlier decisions about the recovery say."""
    if ask.row is None:
        return {'agreed': True, 'sights': ()}
    rows = decisions.of_recovery(connection, ask.row['id'])
    return {'agreed': _agreed(ask, rows), 'sights': _sights(rows)}


def _agreed(ask: Ask, rows: Sequence[sa.RowMapping]) -> bool:
    if ask.row is None or ask.row['state'] != states.HELD:
        return True
    if DOWN not in order.gates(ask.kind, order.Stage.HELD):
        return True  # nobody asked it
    said = (one for row in rows for one in row['gates'] if one['gate'] == DOWN.name)
    return any(one['answer'] == Word.ADMIT and not one['approved'] for one in said)


def _sights(rows: Sequence[sa.RowMapping]) -> tuple[Sight, ...]:
    """Each look of the service once."""
    names = Sight.__dataclass_fields__.keys() - {'seen_at'}
    found: dict[tuple[Any, ...], Sight] = {}
    for at, seen in ((row['at'], one['inputs']) for row in rows for one in row['gates']):
        if names <= seen.keys() and seen['updated_at'] is not None:
            sight = Sight(**{name: seen[name] for name in names}, seen_at=at)
            first = found.setdefault((stamps.marks(sight), sight.state), sight)
            found[stamps.marks(sight), sight.state] = replace(first, seen_at=at)
    return tuple(found.values())


def _proven_at(connection: sa.Connection, host: str, own: str | None) -> float | None:
    proof = proofs.newest_of_host(connection, host)
    return None if proof is None or proof.recovery == own else proof.at


def _approval(row: sa.RowMapping | None) -> Approval | None:
    return None if row is None else approvals.approval(row['approved_by'], row['approved_gates'])


def _asked(site: Site, ask: Ask, needs: frozenset[str], host: HostRecord) -> dict[str, Any]:
    timeout, found = site.conf.compute.read_seconds, dict[str, Any]()
    nova = _nova(site, ask)
    lists = shared.lists(site) if before(ask) and ask.alarm is not None else nova
    if 'services' in needs:
        found['services'] = _try(lambda: lists.services(timeout=timeout))
    if 'hypervisors' in needs:
        found['hypervisors'] = _try(lambda: lists.hypervisors(timeout=timeout))
    if 'migrations' in needs:
        found['migrations'] = _try(lambda: nova.migrations(host=host.name, timeout=timeout))
    if 'devices' in needs:
        found['devices'] = _try(lambda: _devices(site, host, 'identities' in needs))
    if 'clashes' in needs:
        services = found.get('services', Missing())
        found['clashes'] = services if isinstance(services, Missing) else _try(
            lambda: site.clashes(frozenset(one.host for one in services), host.name)
        )  # fmt: skip
    if 'domains' in needs:
        services = found.get('services', Missing())
        found['domains'] = services if isinstance(services, Missing) else _try(
            lambda: domains.of_host(
                site, host.name, services, lambda: lists.aggregates(timeout=timeout)
            )
        )  # fmt: skip
    if 'instances' in needs and site.conf.policy.approve_instances:
        found['instances'] = _try(lambda: len(nova.instances(host=host.name, timeout=timeout)))
    if 'leftovers' in needs:
        found['leftovers'] = _try(lambda: leftovers.of_host(site, nova, host))
    return found


def _try(ask: Callable[[], T]) -> T | Missing:
    try:
        return ask()
    except (DriverError, InventoryError) as error:
        return Missing(str(error))


def _devices(site: Site, host: HostRecord, identities: bool) -> tuple[Device, ...] | None:
    try:
        path = site.inventory.path(host.name)
    except KeyError:
        return None
    return tuple(
        Device(
            one.name,
            level.number,
            one.address,
            _identity(one) if identities and one.name in host.identities else Missing(),
            one.kind,
        )
        for level in path.levels
        for one in level.devices
    )


def _identity(device: FenceDevice) -> str | Missing | None:
    timeout = min(device.request_timeout, IDENTITY_SECONDS)
    return _try(lambda: device.driver.identity(timeout=timeout))
