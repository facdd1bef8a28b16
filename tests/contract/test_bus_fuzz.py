"""Nonsense of every kind on the bus: none of it meets an error of ours, and what is said to be
taken is there, with an answer. HYPOTHESIS_PROFILE=explore asks for much longer.
"""

from __future__ import annotations

import copy
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recovery.bus import alarms, evidence, hearing
from recovery.bus.hearing import AlarmEndpoint, Hearing, NovaEndpoint
from recovery.bus.tally import BusTally
from recovery.db import tables
from tests.contract.nonsense import HOSTS, NASTY, atoms, bodies
from tests.stage import Stage, play
from tests.unit.recovery.bus.test_evidence import update

EXAMPLES = 5000 if os.environ.get('HYPOTHESIS_PROFILE') == 'explore' else 150
KNOWN = (*HOSTS, 'host-down', 'instance-down', 'monitor', '\0', 'a\0b', '\ud800', '2026-11-20')

ALARM: Mapping[str, Any] = {
    'subject': HOSTS[0], 'kind': 'host-down', 'key': 'k', 'at': '2026-11-20T10:00:00Z',
    'evidence': {'seen': 'nothing'}, 'requested_by': 'ann',
}  # fmt: skip
METADATA: Mapping[str, Any] = {'message_id': 'm-1', 'timestamp': '2026-11-20 10:00:00'}


@pytest.fixture(scope='module')
def stage() -> Iterator[Stage]:
    with play(hosts=2, instances=2) as made:
        made.world.lose_power(HOSTS[1])
        made.run(70.0)
        made.alarm(HOSTS[1])  # with a recovery that Nova may tell something of
        yield made


class Errors(logging.Handler):
    """Whatever was logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f'{record.getMessage()} {record.exc_info and record.exc_info[1]!r}')


@st.composite
def bent(draw: st.DrawFn, whole: Mapping[str, Any]) -> Any:
    """Nearly what it should be: some of its values are nonsense, and one may be missing."""
    made = copy.deepcopy(dict(whole))
    for part in draw(st.lists(st.sampled_from(sorted(whole)), max_size=3)):
        made[part] = draw(bodies(KNOWN))
    for part in draw(st.lists(st.sampled_from(sorted(whole)), max_size=1)):
        made.pop(part, None)
    return made


def messages(whole: Mapping[str, Any], types: tuple[str, ...]) -> st.SearchStrategy[Any]:
    publishers = st.one_of(st.just('monitor'), st.sampled_from(NASTY), atoms(KNOWN))
    events = st.one_of(st.sampled_from(types * 8), atoms(KNOWN))
    payloads = st.one_of(bent(whole), bent(whole), bodies(KNOWN))
    return st.tuples(publishers, events, payloads, st.one_of(bent(METADATA), bodies(KNOWN)))


def hear(stage: Stage, endpoint: Any, message: tuple[Any, ...]) -> None:
    errors = Errors()
    hearing.LOG.addHandler(errors)
    try:
        answer = stage.ask(lambda: endpoint.info({}, *message))
    finally:
        hearing.LOG.removeHandler(errors)
    assert errors.said == []
    assert answer == 'handled'


def test_alarms(stage: Stage) -> None:
    tally = BusTally()
    endpoint = AlarmEndpoint(Hearing(stage.site, threading.Event(), tally))

    def taken() -> float:
        labels = {'type': alarms.EVENT_TYPE, 'result': 'taken'}
        return tally.registry.get_sample_value('recovery_bus_heard_total', labels) or 0.0

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None,
              deadline=None)  # fmt: skip
    @given(message=messages(ALARM, (alarms.EVENT_TYPE,)))
    def say(message: tuple[Any, ...]) -> None:
        before, heard = sum(row['repeats'] + 1 for row in stage.rows(tables.alarm)), taken()
        hear(stage, endpoint, message)
        rows = stage.rows(tables.alarm)
        assert sum(row['repeats'] + 1 for row in rows) - before == taken() - heard
        assert all(row['answer'] for row in rows)

    say()
    assert taken() > 0


def test_nova(stage: Stage) -> None:
    endpoint = NovaEndpoint(Hearing(stage.site, threading.Event(), BusTally()))

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None,
              deadline=None)  # fmt: skip
    @given(data=bent(update(HOSTS[1])[evidence.OBJECT]), message=messages(
        update(HOSTS[1]), (evidence.EVENT_TYPE,)), whole=st.booleans())  # fmt: skip
    def say(data: Any, message: tuple[Any, ...], whole: bool) -> None:
        publisher, event, payload, metadata = message
        payload = payload if whole else {**update(), evidence.OBJECT: data}
        hear(stage, endpoint, (publisher, event, payload, metadata))

    say()
