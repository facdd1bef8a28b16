"""What moved the record of a compute service: a report, or a change of a flag.

Nova stamps both into one field, ``updated_at`` (H3).
"""

from __future__ import annotations

from collections.abc import Sequence

from drivers.contracts.compute import Service
from recovery.policy.inputs import OwnMarks, Sight

#: Clocks, and how long Nova takes: this close to a request of ours a stamp may be of it.
SLACK_SECONDS = 3.0
CLEAR = (True, False, '')  #: no mark is set


def ours(service: Service, own: OwnMarks) -> bool:
    """Whether it was our newest request: the record says nothing of reports then."""
    began, ended = own.changed_from, own.changed_at
    if ended is None or service.updated_at is None:
        return False
    began = ended if began is None else began  # of inputs that an earlier release recorded
    return began - SLACK_SECONDS <= service.updated_at <= ended + SLACK_SECONDS


def perhaps_ours(service: Service, own: OwnMarks) -> bool:
    """Whether it may have been a request of ours that Nova did after we had stopped waiting."""
    at = service.updated_at
    return at is not None and any(one.began < at <= one.until + SLACK_SECONDS for one in own.late)


def marks(one: Service | Sight) -> tuple[bool, bool, str]:
    """What somebody has set, or has not: enabled, forced down, and the reason."""
    return one.enabled, one.forced_down, one.disabled_reason or ''


def marked_by_others(service: Service, own: OwnMarks) -> bool:
    """Whether a mark stands that is not ours (H10): setting it has moved the record as well."""
    return disabled_by_others(service, own) or (service.forced_down and not own.forced_down)


def perhaps_others(service: Service, own: OwnMarks, sights: Sequence[Sight]) -> bool:
    """Whether it may have been somebody else who marked the host, or took a mark away.

    What moved the record on while the same marks stood was a report.
    """
    at = service.updated_at
    if at is None or any(marks(one) == marks(service) and one.updated_at < at for one in sights):
        return False
    cleared = marks(service) == CLEAR and any(marks(one) != CLEAR for one in sights)
    return cleared or marked_by_others(service, own)


def came_up(service: Service, sights: Sequence[Sight], since: float) -> bool:
    """Whether Nova called it down after that time, and calls it up: by Nova's own clock, whatever
    ours says, it has reported."""
    was_down = any(
        one.state == 'down' and not one.forced_down and one.seen_at >= since for one in sights
    )
    return service.state == 'up' and was_down


def disabled_by_others(service: Service, own: OwnMarks) -> bool:
    """Whether it is disabled, and not by us (H10)."""
    said = service.disabled_reason or ''
    by_us = own.disabled and any(one in said for one in own.recoveries)
    return not service.enabled and not by_us


def reported_before(changes: Sequence[tuple[float, float, float | None]]) -> float | None:
    """What ``updated_at`` was before requests of ours moved it; None: nobody saw.

    :param changes: newest first: from when until when, and what it saw in the record before.
    """
    for number, (_, _, before) in enumerate(changes):
        if before is None or not any(
            began - SLACK_SECONDS <= before <= ended + SLACK_SECONDS
            for began, ended, _ in changes[number + 1 :]
        ):
            return before
    return None
