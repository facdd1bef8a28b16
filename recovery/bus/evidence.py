"""What Nova tells of its services, as evidence in the story of a recovery that is under way.

Nova sends ``service.update`` when somebody changes a flag; it never says that a host died. What
the gates go by is read from Nova itself: this tells the operator who else had a hand in it, and
when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recovery.db import events, intents, recoveries
from recovery.db.flags import DISABLES, FORCES
from recovery.db.tables import event as event_table
from recovery.site import Site
from recovery.view.times import at

EVENT_TYPE = 'service.update'
OBJECT = 'nova_object.data'
KIND = 'host-down'
WHO = 'nova'
ENABLE = 'enable-service'
SKEW = 5.0  #: seconds between the clock of Nova and ours


@dataclass(frozen=True)
class Told:
    """What one notification says of one compute service."""

    host: str
    disabled: bool
    reason: str
    forced_down: bool
    at: float  #: when it was sent, by the clock of Nova; seconds since 1970 UTC


class NotNova(ValueError):
    """It does not look like what Nova sends."""


def read(payload: Any, metadata: Any, now: float) -> Told | None:
    """None: it is about another service than nova-compute.

    A message whose time cannot be read was sent just now.

    :raises NotNova: fields are missing, or not of the type that they must be.
    """
    data = payload.get(OBJECT) if isinstance(payload, Mapping) else None
    if not isinstance(data, Mapping):
        raise NotNova(f'the payload has no {OBJECT}')
    if data.get('binary') != 'nova-compute':
        return None
    host, disabled, forced = (data.get(key) for key in ('host', 'disabled', 'forced_down'))
    if not isinstance(host, str) or not host:
        raise NotNova('the payload names no host')
    if not isinstance(disabled, bool) or not isinstance(forced, bool):
        raise NotNova('disabled and forced_down are not true or false')
    reason = str(data.get('disabled_reason') or '')
    return Told(host, disabled, reason, forced, _sent_at(metadata, now))


def _sent_at(metadata: Any, now: float) -> float:
    """oslo.messaging writes UTC, and does not say so."""
    text = metadata.get('timestamp') if isinstance(metadata, Mapping) else None
    try:
        return at(f'{text}+00:00')
    except ValueError:
        return now


def note(site: Site, told: Told) -> bool:
    """Put it into the story of the host's live recovery, unless it is what we did ourselves.

    False: there is nothing to tell. Raises StoreAway.
    """

    def work(connection: sa.Connection) -> bool:
        live = recoveries.blocking(connection, KIND, told.host)
        if live is None or told.at < live['created_at'] - SKEW:
            return False
        what = _sentence(connection, live, told)
        if not what or what == _newest(connection, live['id']):
            return False
        now = site.clock.now()
        events.add(connection, WHO, what, told.reason, at=now, recovery=live['id'])
        return True

    return site.store.transact(work)


def _sentence(connection: sa.Connection, live: sa.RowMapping, told: Told) -> str:
    """'' when it is ours: our reason names the recovery, and an intent is older than its act.

    That a flag of ours is gone is believed only of a message younger than the flag: they may come
    late.
    """
    ours = {row.action: row.at for row in intents.of_recovery(connection, live['id'])}
    younger = told.at > max(ours.values(), default=told.at) + SKEW
    flags = []
    if told.disabled and live['id'] not in told.reason:
        flags.append('was disabled')
    if not told.disabled and younger and ours.keys() & DISABLES and ENABLE not in ours:
        flags.append('was enabled')
    if told.forced_down and not ours.keys() & FORCES:
        flags.append('was forced down')
    if not told.forced_down and younger and ours.keys() & FORCES:
        flags.append('is forced down no more')
    if not flags:
        return ''
    return f'somebody else changed the service of {told.host}: it {" and ".join(flags)}'


def _newest(connection: sa.Connection, recovery: str) -> str:
    """What was told last of the sort: a message may come twice."""
    mine = (event_table.c.recovery == recovery) & (event_table.c.who == WHO)
    query = sa.select(event_table.c.what).where(mine).order_by(event_table.c.id.desc()).limit(1)
    return str(connection.execute(query).scalar() or '')
