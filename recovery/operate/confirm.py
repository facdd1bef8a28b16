"""A human's word that a host is off, given because no device can say it (H7).

It is bound to one waiting recovery and its round: it must be used within a few minutes, and then
holds until the recovery ends or a sign of life voids it. With no recovery waiting it is refused,
never kept for later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from drivers.contracts.compute import Service
from drivers.contracts.fencing import FencePath
from drivers.contracts.inventory import InventoryError
from flows.fencing.readings import Reading, any_on, read_all, sentence
from flows.tasks.fencing import TRY_ENDED
from recovery.claims import marks
from recovery.db import proofs, states
from recovery.db.store import Store
from recovery.db.tables import alarm
from recovery.db.tables import recovery as table
from recovery.intake.signs import NOVA, signs
from recovery.operate.change import put, take, tell
from recovery.operate.refusal import Refusal
from recovery.policy import stamps
from recovery.policy.inputs import Missing, OwnMarks
from recovery.view import books
from recovery.view.ids import short

if TYPE_CHECKING:
    from recovery.site import Site

#: Situations in which the power of the host is what nobody can tell.
CODES = frozenset({'fence-exhausted', 'confirm-unknown'})
#: Phases that try again by themselves: a controller that hangs keeps them running for minutes,
#: and a human must not have to catch the moment between two tries.
TRYING = frozenset({'fence', 'confirm'})
STATEMENT = 'the host is off and will stay off until the recovery ends'
READ_SECONDS = 20.0


@dataclass(frozen=True)
class Confirmed:
    """What was written."""

    recovery: str
    proof: int
    readings: str


def waiting_for(store: Store, host: str) -> Mapping[str, Any]:
    """The recovery of the host that waits to be told that it is off, or tries once more after it
    has waited for that. Raises Refusal."""
    live = table.c.state.in_(states.LIVE)
    query = sa.select(table).where(table.c.host == host, live, table.c.kind == 'host-down')
    with store.read() as connection:
        row = connection.execute(query).mappings().first()
        waits = row is not None and _waits(dict(row))
    if row is None:
        raise Refusal(
            f'no recovery of {host} waits: a confirmation is never kept for later',
            f'recovery list --host {host} --all',
        )
    if not waits:
        why = f': {row["reason"]}' if row['reason'] else ''
        raise Refusal(
            f'recovery {short(row["id"])} of {host} is {row["state"]}, and does not wait to be '
            f'told that the host is off{why}',
            row['verb'] or f'recovery show {short(row["id"])}',
        )
    return dict(row)


def _waits(row: Mapping[str, Any]) -> bool:
    if row['state'] == states.WAITING:
        return row['code'] in CODES or _held_between_tries(row)
    trying = row['state'] in (states.READY, states.RUNNING) and row['phase'] in TRYING
    return trying and row['code'] in CODES


def _held_between_tries(row: Mapping[str, Any]) -> bool:
    """Whether a gate holds the next try to power off, after one of all levels in this round."""
    ended = f'{TRY_ENDED}-{row["round"]}' in row['notes']
    return bool(row['code'] == 'held' and row['phase'] in TRYING and ended)


def confirm_fenced(
    site: Site, host: str, *, by: str, reason: str, force: bool = False
) -> Confirmed:
    """Take a human's word that a host is off, and let its waiting recovery go on.

    :param force: although the host showed life; never although a device reads ON, which would
        void the word at once.
    :raises Refusal: nobody waits for it, a device reads ON, or the host showed life.
    :raises drivers.contracts.errors.DriverError: Nova does not answer: nobody knows about life.
    """
    row = waiting_for(site.store, host)
    again, readings = f'recovery rerun {short(row["id"])}', _read(site, host)
    if any_on(readings):
        raise Refusal(
            f'{host} is not off: {sentence(readings)}. Repair the device if it is wrong; a new '
            'round fences the host again',
            again,
        )
    sign = _alive(site, row)
    if sign and not force:
        raise Refusal(
            f'{host} shows life: {sign}. If it is off now, a new round asks everything again',
            again,
        )
    seen, until = sentence(readings) or 'no device to ask', site.conf.fencing.confirmation_seconds
    although = f', by force although {sign}' if sign else ''
    what = f'confirmed that {host} is off and stays off{although}; {seen}'
    number = site.store.transact(
        lambda connection: _record(site, connection, row, what, by, reason, until)
    )
    return Confirmed(row['id'], number, seen)


def _record(
    site: Site,
    connection: sa.Connection,
    row: Mapping[str, Any],
    what: str,
    by: str,
    reason: str,
    seconds: float,
) -> int:
    """Store the word as a proof, and let the recovery go on; the number of the proof."""
    now, fresh = site.clock.now(), take(connection, row['id'])
    if fresh['round'] != row['round'] or not _waits(fresh):
        raise Refusal(
            f'recovery {short(row["id"])} went on while the devices were asked',
            f'recovery show {short(row["id"])}',
        )
    number = proofs.add_human(
        connection,
        recovery=row['id'], round_=row['round'], epoch=fresh['epoch'], host=row['host'],
        by=by, statement=f'{STATEMENT}: {reason}', at=now, expires_at=now + seconds,
    )  # fmt: skip
    if fresh['state'] == states.WAITING:
        put(
            connection, fresh, states.READY, now,
            code=None, reason=None, verb=None, next_check=None,
        )  # fmt: skip
    tell(connection, row['id'], now, by=by, what=what, why=reason)
    return number


def _read(site: Site, host: str) -> tuple[Reading, ...]:
    try:
        path: FencePath = site.inventory.path(host)
    except (KeyError, InventoryError):  # nothing can be asked: that is why a human is
        return ()
    devices = [device for level in path.levels for device in level.devices]
    return read_all(devices, site.store.clock)


def _alive(site: Site, row: Mapping[str, Any]) -> str:
    """How the host shows life, or did after the round began; '' when it does not. Our own requests
    aside."""
    services = site.compute.services(timeout=READ_SECONDS)
    return _reported(site, row, services) or _answers(site, row['host'], services)


def _reported(site: Site, row: Mapping[str, Any], services: Sequence[Service]) -> str:
    host = row['host']
    found = [one for one in services if one.host == host and one.updated_at is not None]
    service = max(found, key=lambda one: one.updated_at or 0.0, default=None)
    if service is None or service.updated_at is None:
        return ''
    began, own = _began(site.store, row)
    if stamps.ours(service, own):
        return ''
    silent = site.clock.now() - service.updated_at
    # Or somebody has marked it since. This is no place to guess: a new round asks everything again.
    reported = service.updated_at > began + stamps.SLACK_SECONDS
    if reported or silent < site.conf.policy.down_seconds:
        return (
            f'its service reported to Nova {silent:.0f} s ago, after the alarm said that it was '
            'down'
        )
    return ''


def _answers(site: Site, host: str, services: Sequence[Service]) -> str:
    """The channels that mean something when they show life (H16)."""
    found = signs(site, host, services, OwnMarks())
    if isinstance(found, Missing):
        raise Refusal(f'nobody can tell whether {host} lives: {found.why}', 'recovery doctor')
    living = [one for one in found if one.alive and one.answer != 'record' and one.kind != NOVA]
    return '; '.join(f'{one.name}: {one.said}' for one in living)


def _began(store: Store, row: Mapping[str, Any]) -> tuple[float, OwnMarks]:
    """When the failure was said to be, and what of Nova's record is ours.

    A later round began with a look at the host: life before that says nothing any more.
    """
    with store.read() as connection:
        book = books.read(connection, row['book']).created_at
        query = sa.select(alarm.c.at, alarm.c.arrived_at).where(alarm.c.id == row['alarm'])
        said = connection.execute(query).first()
        own = marks.own_of(connection, row['host'])
    # A sender's clock may be ahead: what arrived cannot have happened later.
    began = float(row['created_at'] if said is None else min(said))
    return (max(began, book) if row['round'] > 1 and book is not None else began), own
