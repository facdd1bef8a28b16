"""What became of an evacuation, from Nova's records. Pure: values in, changes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from drivers.contracts.compute import Instance, Migration
from flows.evacuation.lost import LOST, SUCCEEDED
from flows.evacuation.table import ENDED
from flows.records import OPEN_ATTEMPTS, Attempt, AttemptState, Item, ItemState

FAILED = ENDED - SUCCEEDED  #: statuses of a record that ended and moved nothing
SAYS = 'the record of Nova says '
NO_HOST = f'{SAYS}error'  #: of an attempt: the scheduler found no host, or not the named one fit
GAP_SECONDS = 60.0  # Nova's own service_down_time: unseen for longer may have been down
STEP_SECONDS = 10.0  # clocks of workers may differ, or be set, by so much


@dataclass(frozen=True)
class Seen:
    """One look at Nova."""

    at: float  #: wall clock
    up: frozenset[str]  #: hosts whose service is up
    records: Mapping[str, tuple[Migration, ...]]  #: evacuations from the failed host, by instance
    instances: Mapping[str, Instance]  #: the newest known state by id
    #: whether every record was listed, with the cell of the host answering before and after: only
    #: then does a record that is not there say anything (H2)
    whole: bool = True
    asked_at: float = 0.0  #: by the clock that nobody sets, before the first question
    #: ids of requests without a trace that we have known for so long, by a clock that nobody sets,
    #: that they cannot be under way any more
    aged: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Outcome:
    """What to write about one item and its attempts; empty when nothing changed."""

    item: Mapping[str, Any] = field(default_factory=dict)
    attempts: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    ended: bool = False  #: no attempt of this item is open any more, and it was not moved


def new_records(seen: Seen, instance: str, baseline: int) -> list[Migration]:
    """Records of an instance that are newer than the recovery's first evacuate, oldest first.

    :param baseline: the greatest id of a record before it; ids are compared and not times,
        because Nova's clock is not ours.
    """
    found = (one for one in seen.records.get(instance, ()) if one.id > baseline)
    return sorted(found, key=lambda one: one.id)


def newest_record(seen: Seen, instance: str) -> int:
    """The greatest id of a record of the instance; 0: there is none."""
    return max((one.id for one in seen.records.get(instance, ())), default=0)


def adopt(
    attempts: Sequence[Attempt], instance: str, seen: Seen, baseline: int
) -> tuple[list[Attempt], list[Migration]]:
    """Give each attempt the record that Nova made of it, which is a later one than those that
    were known when it was sent: those are of somebody else. One that failed may be of somebody
    else, too; a request that nobody answered does not end with it while it may still hang.

    :returns: the attempts with their records, and records that belong to no attempt of ours.
    """
    records = new_records(seen, instance, baseline)
    taken = {attempt.migration for attempt in attempts if attempt.migration is not None}
    free = [record for record in records if record.id not in taken]
    by_id = {record.id: record for record in records}
    adopted = []
    for attempt in attempts:
        record = by_id.get(attempt.migration) if attempt.migration is not None else None
        if record is None and attempt.state in OPEN_ATTEMPTS and attempt.migration is None:
            hangs = attempt.state is AttemptState.INTENDED and attempt.id not in seen.aged
            later = (one for one in free if one.id > (attempt.after_record or 0))
            record = next((one for one in later if not (hangs and one.status in FAILED)), None)
        if record in free:
            free.remove(record)
        if record is not None:
            attempt = replace(
                attempt, migration=record.id, destination=record.destination or attempt.destination
            )
        adopted.append(attempt)
    return adopted, free


def settle(
    item: Item,
    attempts: Sequence[Attempt],
    seen: Seen,
    *,
    baseline: int,
    unsettled_seconds: float,
) -> Outcome:
    """Compare one started (or unsettled) item with what Nova shows."""
    own = [one for one in attempts if one.instance == item.instance]
    adopted, strangers = adopt(own, item.instance, seen, baseline)
    records = {one.id: one for one in new_records(seen, item.instance, baseline)}
    open_records = [one for one in records.values() if one.status not in ENDED]
    changes: dict[int, dict[str, Any]] = {}
    now_attempts = []
    for before, attempt in zip(own, adopted, strict=True):
        after = _advance(attempt, records.get(attempt.migration or 0), seen, item, strangers)
        now_attempts.append(after)
        if difference := _difference(before, after):
            changes[after.id] = difference
    if len(open_records) > 1:
        reason = 'Nova has two open evacuations of it: it may come to run twice'
        return Outcome(_unsettled(item, reason), changes)
    instance = seen.instances.get(item.instance)
    still_open = [one for one in now_attempts if one.state in OPEN_ATTEMPTS]
    theirs = [one for one in strangers if one.status not in ENDED]
    if still_open or theirs:
        # Theirs may have begun while ours was under way: it is waited for as long as ours.
        waited_for = still_open or now_attempts[-1:]
        return Outcome(_overdue(item, waited_for, theirs, seen, unsettled_seconds), changes)
    arrived = _arrived(item, instance, [*strangers, *_records_of(now_attempts, records)])
    if arrived:
        return Outcome(arrived, changes)
    return Outcome({}, changes, ended=True)


def _advance(
    attempt: Attempt,
    record: Migration | None,
    seen: Seen,
    item: Item,
    strangers: Sequence[Migration],
) -> Attempt:
    if attempt.state not in OPEN_ATTEMPTS:
        return attempt
    if record is None:
        return _without_record(attempt, seen, item, strangers)
    attempt = _watch_destination(replace(attempt, state=AttemptState.ACCEPTED), seen)
    instance = seen.instances.get(item.instance)
    if record.status in SUCCEEDED:
        if instance is None or instance.task_state or instance.host == item.source:
            return attempt  # the record is ahead of the instance; look again
        if instance.vm_state == 'error':
            reason = f'it arrived on {record.destination} in error'
            return replace(attempt, state=AttemptState.FAILED, ended_at=seen.at, reason=reason)
        return replace(attempt, state=AttemptState.MOVED, ended_at=seen.at)
    if record.status == LOST:
        reason = f'{record.destination} lost its power while it started there'
        return replace(attempt, state=AttemptState.FAILED, ended_at=seen.at, reason=reason)
    if record.status in ENDED:
        reason = f'{SAYS}{record.status}'
        return replace(attempt, state=AttemptState.FAILED, ended_at=seen.at, reason=reason)
    return attempt


def _without_record(
    attempt: Attempt, seen: Seen, item: Item, strangers: Sequence[Migration]
) -> Attempt:
    """No trace of it: it never arrived, once nothing between us and Nova can hold it any more.

    One that Nova took, or made a record of, did arrive, whatever a list shows now.
    """
    if not _without_trace(attempt):
        return attempt
    instance = seen.instances.get(item.instance)
    # Nova carries out none of an instance that somebody else's evacuation has moved.
    there = {item.source, *(one.destination for one in strangers if one.status in SUCCEEDED)}
    idle = instance is not None and instance.host in there and not instance.task_state
    if attempt.id not in seen.aged or not idle or not seen.whole:
        return attempt
    reason = 'the request never reached Nova'
    return replace(attempt, state=AttemptState.ABSENT, ended_at=seen.at, reason=reason)


def _without_trace(attempt: Attempt) -> bool:
    return attempt.state is AttemptState.INTENDED and attempt.migration is None


def _watch_destination(attempt: Attempt, seen: Seen) -> Attempt:
    if attempt.destination is None or not attempt.destination_sure:
        return attempt
    away = seen.at - (attempt.destination_seen_at or attempt.at)
    if attempt.destination not in seen.up or not -STEP_SECONDS <= away <= GAP_SECONDS:
        return replace(attempt, destination_sure=False)
    return replace(attempt, destination_seen_at=seen.at)


def _difference(before: Attempt, after: Attempt) -> dict[str, Any]:
    """What to write; being seen up once more is worth a write only now and then."""
    names = ('state', 'destination', 'migration', 'destination_sure', 'ended_at', 'reason')
    changed = {
        name: getattr(after, name)
        for name in names
        if getattr(after, name) != getattr(before, name)
    }
    later = (after.destination_seen_at or 0) - (before.destination_seen_at or 0)
    stale = abs(later) > GAP_SECONDS / 6
    if changed or stale:
        changed['destination_seen_at'] = after.destination_seen_at
    return changed


def _records_of(attempts: Sequence[Attempt], records: Mapping[int, Migration]) -> list[Migration]:
    return [records[key] for one in attempts if (key := one.migration or 0) in records]


def _arrived(
    item: Item, instance: Instance | None, records: Sequence[Migration]
) -> Mapping[str, Any]:
    if instance is None:
        return {}
    if instance.vm_state == 'deleted':
        return {'state': ItemState.LEFT, 'reason': 'it was deleted meanwhile'}
    elsewhere = instance.host not in (None, item.source)
    ended_well = any(record.status in SUCCEEDED for record in records)
    if elsewhere and ended_well and not instance.task_state and instance.vm_state != 'error':
        return {
            'state': ItemState.MOVED,
            'reason': '',
            'destination': instance.host,
        }
    return {}


def _unsettled(item: Item, reason: str) -> Mapping[str, Any]:
    if item.state is ItemState.UNSETTLED and item.reason == reason:
        return {}
    return {'state': ItemState.UNSETTLED, 'reason': reason}


def _overdue(
    item: Item,
    waited_for: Sequence[Attempt],
    theirs: Sequence[Migration],
    seen: Seen,
    unsettled_seconds: float,
) -> Mapping[str, Any]:
    if not waited_for or seen.at - min(one.at for one in waited_for) < unsettled_seconds:
        return {}
    if any(_without_trace(one) and one.id not in seen.aged for one in waited_for):
        return {}  # it is about to be decided about
    ours = [one.destination for one in waited_for if one.state in OPEN_ATTEMPTS]
    where = next((host for host in [*ours, *(one.destination for one in theirs)] if host), None)
    return _unsettled(item, f'its evacuation to {where or "an unknown host"} does not end')
