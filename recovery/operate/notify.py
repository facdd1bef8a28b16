"""A report of a monitor that speaks Masakari's API: what it comes to, and the alarm it raises.

A report is a duplicate, and refused, while something is open or held for the same host or
instance, or while the host has not been seen up since the last recovery of it ended (H24). It is
the gates that say so, at every report anew, so that nothing that died here locks a host out.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from drivers.contracts.alarms import Alarm
from recovery.db import alarms, members, notifications, recoveries, segments
from recovery.db.members import Member
from recovery.intake import receive
from recovery.intake.admission import Outcome
from recovery.operate.change import tell
from recovery.operate.refusal import Refusal
from recovery.policy import order
from recovery.policy.gates.history import FREE, HANDLED
from recovery.site import Site
from recovery.view.ids import short

SOURCE = 'masakari'  #: as [sources] authority names them all
HOST_DOWN, INSTANCE_DOWN, SERVICE_DOWN = 'host-down', 'instance-down', 'service-down'
COMPUTE_HOST, VM, PROCESS = 'COMPUTE_HOST', 'VM', 'PROCESS'
STARTED = 'STARTED'
#: What of a monitor's many reports about instances is a failure: (event, vir_domain_event).
FAILURES = frozenset({
    ('LIFECYCLE', 'STOPPED_FAILED'),
    ('QEMU_GUEST_AGENT_ERROR', 'STOPPED_FAILED'),
    ('IO_ERROR', 'IO_ERROR_REPORT'),
})  # fmt: skip
NOVA_COMPUTE = 'nova-compute'


class UnknownHost(Refusal):
    """No segment has that host."""


class Duplicate(Refusal):
    """It is known, and being handled."""


@dataclass(frozen=True)
class Report:
    """What was posted."""

    type: str  #: 'COMPUTE_HOST', 'VM' or 'PROCESS'
    host: str
    generated_at: float  #: seconds since 1970 UTC
    payload: Mapping[str, str]
    by: str  #: the caller

    @property
    def key(self) -> str:
        """The same for the same report, whoever sends it and however often."""
        said = json.dumps([self.type, self.host, self.generated_at, self.payload], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class Settled:
    """Nothing is to be done: how it has ended, and why."""

    status: str
    message: str


@dataclass(frozen=True)
class Failure:
    """What the report says failed."""

    kind: str
    subject: str


def notify(site: Site, report: Report) -> str:
    """Store a report, and raise the alarm that it is. Returns the notification's UUID.

    :raises UnknownHost: no segment has the host.
    :raises Duplicate: see above; the report is kept as evidence.
    :raises Refusal: the host is in maintenance.
    :raises flows.stop.StoreAway: not taken; to be sent again.
    """
    with site.store.read() as connection:
        member = members.of_host(connection, report.host)
        segment = segments.get(connection, member.segment) if member is not None else None
    if member is None or segment is None:
        raise UnknownHost(f'Host with name {report.host} could not be found.')
    if member.maintenance:
        raise Refusal(
            f'Host {report.host} is on maintenance: its notifications are not taken.',
            f'recovery host maintenance {report.host} off',
        )
    found = reading(report)
    if isinstance(found, Failure) and not segment.enabled:
        found = Settled(
            notifications.IGNORED,
            f'Segment {segment.name} is disabled: nothing is recovered in it.',
        )
    if isinstance(found, Settled):
        return site.store.transact(
            lambda connection: _kept(site, connection, member, report, found)
        )
    return _raise(site, member, report, found)


def reading(report: Report) -> Failure | Settled:
    """What a report says, by the table of what Masakari acts upon."""
    found = _TABLE[report.type](report)
    if isinstance(found, Failure) and found.kind not in order.ORDER:
        return Settled(
            notifications.IGNORED, f'This release does not recover the failure kind {found.kind}.'
        )
    return found


def _host(report: Report) -> Failure | Settled:
    if report.payload['event'] == STARTED:
        return Settled(notifications.FINISHED, 'A host that has started is kept as evidence.')
    return Failure(HOST_DOWN, report.host)


def _instance(report: Report) -> Failure | Settled:
    said = (report.payload['event'], report.payload['vir_domain_event'])
    if said not in FAILURES:
        return Settled(notifications.IGNORED, f'{" ".join(said)} is no failure of an instance.')
    return Failure(INSTANCE_DOWN, str(uuid.UUID(report.payload['instance_uuid'])))


def _process(report: Report) -> Failure | Settled:
    process = report.payload['process_name']
    if report.payload['event'] == STARTED:
        return Settled(notifications.FINISHED, f'{process} has started: kept as evidence.')
    if process != NOVA_COMPUTE:
        message = f'Nothing is done about {process}: only {NOVA_COMPUTE} is recovered.'
        return Settled(notifications.FINISHED, message)
    return Failure(SERVICE_DOWN, report.host)


_TABLE = {COMPUTE_HOST: _host, VM: _instance, PROCESS: _process}


def _raise(site: Site, member: Member, report: Report, failure: Failure) -> str:
    began = site.clock.now()
    outcome = receive(site, _alarm(report, failure))
    assert outcome.alarm is not None
    alarm = outcome.alarm
    _refuse_known(site, report, failure, outcome)

    def work(connection: sa.Connection) -> str:
        # One of several senders at the same moment: the notification of the first one is theirs.
        alarms.lock(connection, alarm)
        made = notifications.of_alarm(connection, alarm, since=began)
        if made and outcome.repeated:
            raise _known(report, outcome)
        return made or _insert(site, connection, member, report, alarm=alarm)

    return site.store.transact(work)


def _alarm(report: Report, failure: Failure) -> Alarm:
    said = {'type': report.type, 'hostname': report.host, **report.payload}
    return Alarm(
        source=SOURCE,
        key=report.key,
        kind=failure.kind,
        subject=failure.subject,
        at=report.generated_at,
        evidence=said,
        raw=json.dumps(said, sort_keys=True),
        requested_by=report.by[:255],
    )


def _refuse_known(site: Site, report: Report, failure: Failure, outcome: Outcome) -> None:
    """Raises Duplicate for an alarm that began nothing because of what is there already."""
    assert outcome.alarm is not None
    what, verb = _duplicate(report), outcome.verb
    if outcome.answer == 'ignore' and outcome.gate in (FREE.name, HANDLED.name):
        raise Duplicate(f'{what}: {outcome.reason}.', verb)
    with site.store.read() as connection:
        # A report whose sender got no answer the first time has no notification yet.
        known = outcome.repeated and notifications.of_alarm(connection, outcome.alarm) is not None
        waiting = outcome.recovery is None and notifications.other_open_alarm(
            connection, outcome.alarm, failure.kind, failure.subject
        )
    if known:
        raise _known(report, outcome)
    if waiting:
        raise Duplicate(f'{what}: an earlier one is still to be decided about.', verb)


def _known(report: Report, outcome: Outcome) -> Duplicate:
    about = f'recovery {short(outcome.recovery)}' if outcome.recovery else 'its alarm'
    return Duplicate(f'{_duplicate(report)}: {about} is under way or has ended.', outcome.verb)


def _duplicate(report: Report) -> str:
    return f'Notification of type {report.type} from host {report.host} is a duplicate'


def _kept(
    site: Site, connection: sa.Connection, member: Member, report: Report, found: Settled
) -> str:
    """Without an alarm; what has started is told to the recovery that is under way."""
    live = recoveries.blocking(connection, HOST_DOWN, report.host)
    if report.payload['event'] == STARTED and live is not None:
        what = f'{SOURCE} said: {report.payload.get("process_name", report.host)} has started'
        why = ', '.join(f'{key}: {value}' for key, value in report.payload.items())
        tell(connection, live['id'], site.clock.now(), by=report.by, what=what, why=why)
    return _insert(site, connection, member, report, answer=found.status, message=found.message)


def _insert(
    site: Site, connection: sa.Connection, member: Member, report: Report, **values: Any
) -> str:
    made = site.clock.new_id()
    notifications.add(
        connection,
        made,
        site.clock.now(),
        type=report.type,
        host=report.host,
        member=member.uuid,
        segment=member.segment,
        generated_at=report.generated_at,
        payload=dict(report.payload),
        **values,
    )
    return made
