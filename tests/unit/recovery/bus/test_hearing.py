"""Messages: taken, dropped with a word, or held; never raised, never given back in a hot loop."""

from __future__ import annotations

import logging
import math
import threading
from itertools import pairwise
from typing import Any

import pytest

from flows.stop import StoreAway
from recovery.bus import hearing
from recovery.bus.hearing import AlarmEndpoint, Hearing, NovaEndpoint
from recovery.bus.tally import BusTally
from recovery.db import tables
from recovery.intake.receive import receive
from tests.stage import Stage
from tests.unit.recovery.bus.test_evidence import update

HOST = 'compute-01'
MESSAGE = {'message_id': 'm-1', 'timestamp': '2030-01-01 00:00:00'}


@pytest.fixture
def tally() -> BusTally:
    return BusTally()


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def heard(stage: Stage, stop: threading.Event, tally: BusTally) -> Hearing:
    return Hearing(stage.site, stop, tally)


def counted(tally: BusTally) -> dict[tuple[str, str], float]:
    return {
        (sample.labels['type'], sample.labels['result']): sample.value
        for metric in tally.registry.collect()
        for sample in metric.samples
        if sample.name == 'recovery_bus_heard_total'
    }


def alarm(stage: Stage, heard: Hearing, payload: Any, event: Any = 'recovery.alarm') -> str:
    endpoint = AlarmEndpoint(heard)
    answer: str = stage.ask(lambda: endpoint.info({}, 'monitor', event, payload, MESSAGE))
    return answer


def rows(stage: Stage) -> list[tuple[str, str, str]]:
    return [(row['source'], row['subject'], row['answer']) for row in stage.rows(tables.alarm)]


def test_an_alarm_becomes_a_recovery(stage: Stage, heard: Hearing, tally: BusTally) -> None:
    stage.world.lose_power(HOST)
    stage.run(70.0)
    assert alarm(stage, heard, {'subject': HOST, 'key': 'k'}) == 'handled'
    assert alarm(stage, heard, {'subject': HOST, 'key': 'k'}) == 'handled'
    assert rows(stage) == [('bus:monitor', HOST, 'admit')]
    assert [row['state'] for row in stage.recoveries()] == ['ready']
    assert counted(tally) == {('recovery.alarm', 'taken'): 2}


@pytest.mark.parametrize('stage', [{'sources.authority': ['bus:* evidence']}], indirect=True)
def test_its_authority_is_that_of_its_publisher(stage: Stage, heard: Hearing) -> None:
    stage.world.lose_power(HOST)
    stage.run(70.0)
    alarm(stage, heard, {'subject': HOST})
    assert rows(stage) == [('bus:monitor', HOST, 'ignore')]


@pytest.mark.parametrize(
    'payload', [None, [], 'compute-01', {}, {'subject': {}}, {'subject': HOST, 'at': math.inf}]
)
def test_what_is_no_alarm_is_dropped_with_a_word(
    stage: Stage, heard: Hearing, tally: BusTally, payload: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert alarm(stage, heard, payload) == 'handled'
    assert rows(stage) == []
    assert counted(tally) == {('recovery.alarm', 'dropped'): 1}
    assert "dropped: alarm from 'monitor': " in caplog.text


def test_a_character_that_no_database_takes_loses_no_alarm(stage: Stage, heard: Hearing) -> None:
    said = {'subject': HOST, 'key': 'k\0', 'evidence': {'disk': 'b\ud800d', 'blocks': 10**30}}
    assert alarm(stage, heard, said) == 'handled'
    (row,) = stage.rows(tables.alarm)
    assert row['key'] == 'k\ufffd'
    assert row['evidence'] == {'disk': 'b\ufffdd', 'blocks': str(10**30)}


@pytest.mark.parametrize('event', [None, 'recovery.alarms', 7])
def test_another_type_is_dropped(stage: Stage, heard: Hearing, tally: BusTally, event: Any) -> None:
    assert alarm(stage, heard, {'subject': HOST}, event) == 'handled'
    assert counted(tally) == {('other', 'dropped'): 1}


def failing(monkeypatch: pytest.MonkeyPatch, stage: Stage, *errors: BaseException) -> list[float]:
    """receive() fails so often before it works. When it was called."""
    left, asked, real = list(errors), list[float](), receive

    def tried(site: Any, said: Any) -> Any:
        asked.append(stage.clock.elapsed())
        if left:
            raise left.pop(0)
        return real(site, said)

    monkeypatch.setattr(hearing, 'receive', tried)
    return asked


def test_while_the_database_is_away_it_is_held_and_then_taken(
    stage: Stage, heard: Hearing, tally: BusTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = failing(monkeypatch, stage, *[StoreAway('gone')] * 8)
    assert alarm(stage, heard, {'subject': HOST}) == 'handled'
    assert len(rows(stage)) == 1
    assert counted(tally) == {('recovery.alarm', 'taken'): 1}
    gaps = [after - before for before, after in pairwise(asked)]
    assert gaps == sorted(gaps)
    assert gaps[0] == pytest.approx(0.5)
    assert gaps[-1] == pytest.approx(15.0)


def test_for_too_long_and_it_is_given_back(
    stage: Stage, heard: Hearing, tally: BusTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = failing(monkeypatch, stage, *[StoreAway('gone')] * 1000)
    began = stage.clock.elapsed()
    assert alarm(stage, heard, {'subject': HOST}) == 'requeue'
    assert stage.clock.elapsed() - began >= hearing.HELD_SECONDS
    assert len(asked) < 50
    assert counted(tally) == {('recovery.alarm', 'given-back'): 1}


def test_at_the_end_of_the_process_it_is_given_back_at_once(
    stage: Stage, heard: Hearing, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, stage, *[StoreAway('gone')] * 1000)
    stop.set()
    began = stage.clock.elapsed()
    assert alarm(stage, heard, {'subject': HOST}) == 'requeue'
    assert stage.clock.elapsed() == began


def test_an_error_nobody_expected_is_tried_again_and_then_dropped(
    stage: Stage, heard: Hearing, tally: BusTally, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    asked = failing(monkeypatch, stage, *[KeyError('of tomorrow')] * 3)
    assert alarm(stage, heard, {'subject': HOST}) == 'handled'
    assert len(asked) == 3
    assert counted(tally) == {('recovery.alarm', 'dropped'): 1}
    assert len([one for one in caplog.records if one.levelno == logging.ERROR]) == 1
    assert alarm(stage, heard, {'subject': HOST, 'key': 'next'}) == 'handled'
    assert len(rows(stage)) == 1


def test_nova_is_evidence(stage: Stage, heard: Hearing, tally: BusTally) -> None:
    stage.world.lose_power(HOST)
    stage.run(70.0)
    assert stage.alarm(HOST).answer == 'admit'
    endpoint, told = NovaEndpoint(heard), update(disabled=True, disabled_reason='disk swap')

    def hear(event: str, payload: Any) -> str:
        answer: str = stage.ask(lambda: endpoint.info({}, 'nova-api:c', event, payload, {}))
        return answer

    assert hear('service.update', told) == 'handled'
    assert hear('instance.create.end', {'anything': 1}) == 'handled'
    assert hear('service.update', {'anything': 1}) == 'handled'
    assert counted(tally) == {('service.update', 'taken'): 1, ('service.update', 'dropped'): 1}
    assert 'somebody else changed' in stage.story()
    assert len(stage.recoveries()) == 1


def test_the_priorities_that_are_heard(heard: Hearing) -> None:
    for name in ('info', 'warn', 'error', 'critical'):
        assert hasattr(AlarmEndpoint(heard), name)
    assert not hasattr(NovaEndpoint(heard), 'error')
