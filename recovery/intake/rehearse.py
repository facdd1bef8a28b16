"""What a message of a source would become now. Reads only: nothing is written (S28)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from drivers.contracts.alarms import Alarm, Heard, Post, Resolved
from drivers.contracts.errors import DriverError
from recovery.db import alarms, hosts
from recovery.intake import collect, naming
from recovery.intake.ask import Ask
from recovery.intake.authority import authority
from recovery.intake.receive import BadAlarm, check
from recovery.intake.shared import lists
from recovery.intake.sources import Source
from recovery.policy import order
from recovery.policy.decide import decide
from recovery.policy.order import Stage
from recovery.site import Site


@dataclass(frozen=True)
class Rehearsed:
    """One part of the message."""

    what: str  #: 'alarm', 'resolved', 'wrong', 'passed' or 'missing'
    reason: str = ''
    kind: str = ''
    spelled: str = ''  #: the host as it was sent
    host: str = ''  #: as Nova spells it; '' when it is not exactly one, or Nova was not asked
    key: str = ''
    at: float | None = None
    known: bool = False  #: this alarm is stored already
    authority: str = ''
    answer: str = ''  #: admit, hold or ignore
    gate: str = ''
    gates: tuple[Mapping[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As JSON carries it."""
        return asdict(self)


def rehearse(
    site: Site, source: Source, payload: Any, query: Mapping[str, str]
) -> tuple[Rehearsed, ...]:
    """Read a message, and ask every gate about each alarm in it.

    :raises drivers.contracts.alarms.BadPayload: it cannot be read.
    :raises flows.stop.StoreAway: what happened before is not known.
    """
    now = site.clock.now()
    heard = source.read(Post(source.name, payload, query, now, source.kind))
    return (
        *(_alarm(site, source, one, now) for one in heard.alarms),
        *(_resolved(source, one) for one in heard.resolved),
        *_rest(heard),
    )


def _rest(heard: Heard) -> tuple[Rehearsed, ...]:
    found = [Rehearsed('wrong', sentence) for sentence in heard.wrong]
    if heard.passed:
        found.append(Rehearsed('passed', f'no alarms, since they match nothing: {heard.passed}'))
    if heard.missing:
        found.append(Rehearsed('missing', f'the sender left {heard.missing} alarms out'))
    return tuple(found)


def _resolved(source: Source, one: Resolved) -> Rehearsed:
    reason = f'it is over: [sources] file says {source.resolved}'
    return Rehearsed('resolved', reason, one.kind, one.subject, key=one.key, at=one.at)


def _alarm(site: Site, source: Source, alarm: Alarm, now: float) -> Rehearsed:
    try:
        check(alarm)
    except BadAlarm as error:
        return Rehearsed('wrong', str(error), alarm.kind, alarm.subject)
    host = _host(site, source.name, alarm)
    subject = host or alarm.subject
    with site.store.read() as connection:
        known = alarms.find(connection, alarm.source, alarm.key) is not None
        segment = hosts.get(connection, subject).segment
    gates = order.gates(alarm.kind, Stage.INTAKE)
    ask = Ask(alarm.kind, subject, alarm, now)
    decision = decide(gates, collect.collect(site, ask, order.needs(gates)))
    options = site.conf.sources
    return Rehearsed(
        'alarm',
        decision.answer.reason,
        alarm.kind,
        alarm.subject,
        host,
        alarm.key,
        alarm.at,
        known,
        authority(options.authority, options.default, source.name, alarm.kind, segment),
        str(decision.word),
        decision.gate,
        tuple(decision.records()),
    )


def _host(site: Site, source: str, alarm: Alarm) -> str:
    if alarm.kind in naming.OF_INSTANCES:
        return ''
    try:
        services = lists(site).services(timeout=site.conf.compute.read_seconds)
    except DriverError:
        return ''  # the gate "service" says so
    found = naming.candidates(site, source, alarm.subject, services)
    return found[0] if len(found) == 1 else ''
