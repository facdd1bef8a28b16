"""Does Nova agree that the host is down? Judged by reports, not by the state alone (H3, H16)."""

from __future__ import annotations

from typing import Any

from drivers.contracts.compute import Service
from recovery.policy import looks, stamps
from recovery.policy.gate import FOUND, UNKNOWN, Answer, Gate, admit, hold, ignore, unknown
from recovery.policy.inputs import Inputs, Missing

REPORTS_IN = 10.0  # seconds between two reports of an agent, unless Nova is told otherwise
ALIVE = 'alive'  #: it reports, or Nova says so
CLOCKS = 'clocks'  #: clocks differ, so that nobody can tell
MARKED = 'marked'  #: it reports, or somebody has changed its marks


def _down(inputs: Inputs) -> Answer:
    if isinstance(inputs.services, Missing):
        why = inputs.services.why
        return unknown(f'cannot ask Nova whether it is down: {why}', 'recovery doctor')
    service = looks.the_service(inputs)
    if service is None:
        return admit('nothing to ask: the host is not known')
    quiet = looks.silence(service, inputs.now)
    seen: dict[str, Any] = {
        'state': service.state,
        'forced_down': service.forced_down,
        'silent': None if quiet is None else round(quiet, 1),
    }
    approve = f'recovery approve {inputs.id}'
    if service.state == 'unknown':
        return unknown(looks.SILENT_CELL, approve, **seen)
    if quiet is None:
        return admit('it has never reported', **seen)
    if stamps.ours(service, inputs.own):
        if service.state == 'up':
            return hold('Nova sees the service up', approve, finding=ALIVE, **seen)
        return admit('Nova sees it down; the last change of its record was ours', **seen)
    limit = inputs.limits.down_seconds
    if quiet < limit:
        again = max(1.0, limit - quiet) if quiet >= 0 else None
        kind = ALIVE if quiet >= 0 else CLOCKS
        return hold(_alive(service, quiet, limit), approve, again, finding=kind, **seen)
    if service.state == 'up' and _all_silent(inputs):
        return hold(
            'by the clock of this machine no host has reported lately, yet '
            'Nova sees them up: compare the clocks',
            approve,
            finding=CLOCKS,
            **seen,
        )
    return admit(f'its service has not reported for {looks.seconds(quiet)}', **seen)


def _cell(inputs: Inputs) -> Answer:
    service = looks.the_service(inputs)
    if service is None:
        return admit('nothing to ask: the host is not known')
    approve, approval = f'recovery approve {inputs.id}', inputs.approval
    if service.state == 'unknown':
        if approval is not None and approval.saw(DOWN.name, UNKNOWN):
            return admit(f'{approval.by} wants it recovered although nobody can ask')
        return unknown(f'{looks.SILENT_CELL}: it may be back', approve)
    reported = inputs.own.reported_at if stamps.ours(service, inputs.own) else service.updated_at
    quiet = None if reported is None else inputs.now - reported
    limit = inputs.limits.down_seconds
    if not service.forced_down or inputs.own.forced_down or quiet is None or quiet >= limit:
        return admit('its state says whether it reports', state=service.state)
    if approval is not None and approval.saw(DOWN.name, ALIVE):
        return admit(f'{approval.by} wants it recovered although it reports')
    return hold(
        'somebody else forced it down, so that its state says nothing, and its record changed '
        f'{looks.seconds(abs(quiet))} ago: it may be back',
        approve,
        max(1.0, limit - quiet),
        finding=ALIVE,
        silent=round(quiet, 1),
    )


def _alive(service: Service, quiet: float, limit: float) -> str:
    if quiet < 0:
        return (
            f'its service reported {looks.seconds(-quiet)} in the future: the clock of this '
            'machine is behind that of Nova'
        )
    return (
        f'Nova still sees it alive ({service.state}): its record changed {looks.seconds(quiet)} '
        f'ago, and {looks.seconds(limit)} of silence count as down'
    )


def _all_silent(inputs: Inputs) -> bool:
    assert not isinstance(inputs.services, Missing)
    limit = max(inputs.limits.down_seconds, looks.COUNTED_AFTER)
    up = [one for one in inputs.services if one.state == 'up']
    quiet = [looks.silence(one, inputs.now) for one in up]
    return all(one is None or one >= limit for one in quiet)


def _over(inputs: Inputs) -> Answer:
    service = looks.the_service(inputs)
    arrived = inputs.arrived_at if inputs.joined_at is None else inputs.joined_at
    if service is None or service.updated_at is None or arrived is None:
        return admit('nothing to compare')
    if inputs.approval is not None and inputs.approval.saw(DOWN.name, ALIVE, CLOCKS):
        return admit(f'{inputs.approval.by} wants it recovered although it reports')
    if not inputs.agreed:
        return admit('Nova has never seen it down: there is nothing that could be over')
    # A request of ours hides the last report: what it saw of the record before counts then.
    hidden = stamps.ours(service, inputs.own)
    reported = inputs.own.reported_at if hidden else service.updated_at
    if reported is None:
        return admit('it has not been seen to report since the alarm')
    quiet, since = inputs.now - reported, reported - arrived
    reports = service.state == 'up' and quiet < inputs.limits.down_seconds
    seen: dict[str, Any] = {'state': service.state, 'silent': round(quiet, 1)}
    if not reports or since <= stamps.SLACK_SECONDS:
        silent = quiet >= inputs.limits.down_seconds
        if silent and stamps.came_up(service, inputs.sights, since=arrived):
            return hold(
                'Nova saw it down and sees it up now, although by the clock of this machine it has '
                f'been silent for {looks.seconds(quiet)}: a clock may have stepped',
                f'recovery approve {inputs.id}',
                REPORTS_IN,
                finding=CLOCKS,
                **seen,
            )
        return admit('it has not reported since the alarm')
    doubt = None if hidden else _no_report(service, inputs, quiet)
    if doubt is not None:
        return doubt
    said = f'{service.host} is back: it reported {looks.seconds(since)} after the alarm'
    return ignore(said, **seen)


def _no_report(service: Service, inputs: Inputs, quiet: float) -> Answer | None:
    """The hold for what may have moved the record in place of a report."""
    if stamps.perhaps_ours(service, inputs.own):
        finding = FOUND
        why = 'Nova has done what we asked for later than we waited; silence tells, or a minute'
    elif stamps.perhaps_others(service, inputs.own, inputs.sights):
        finding = MARKED
        why = 'that was somebody who changed its marks; another report tells, or silence'
    else:
        return None
    return hold(
        f'the record of its service changed {looks.seconds(quiet)} ago: it has reported, or {why}',
        f'recovery approve {inputs.id}',
        REPORTS_IN,
        finding=finding,  # two of them, so that each is put on record with what it saw
        silent=round(quiet, 1),
        **looks.sight(service),
    )


DOWN = Gate(
    name='nova',
    question='Does Nova agree, by the age of the last report?',
    on_missing='closed: one witness is not enough',
    decide=_down,
    needs=frozenset({'services'}),
)

#: Only for what Nova had agreed to before: an alarm that Nova contradicts from the start is held.
OVER = Gate(
    name='over',
    question='Has the host come back by itself since the newest alarm?',
    on_missing='open: the gate "nova" holds then',
    decide=_over,
    needs=frozenset({'services'}),
)

#: At the line, where what Nova agreed to before is not asked again: it was right then.
CELL = Gate(
    name='cell',
    question='Can Nova still see whether the host reports?',
    on_missing='open: the gate "foreign" holds then',
    decide=_cell,
    needs=frozenset({'services'}),
)
