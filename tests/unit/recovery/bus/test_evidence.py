"""Nova's word on a service, in the story of whoever is at work there."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from recovery.bus import evidence
from recovery.db import tables
from tests.stage import Stage

HOST = 'compute-01'


def update(host: str = HOST, **values: Any) -> dict[str, Any]:
    """As Nova 2023.1 sends it."""
    data = {
        'host': host,
        'binary': 'nova-compute',
        'topic': 'compute',
        'disabled': False,
        'disabled_reason': None,
        'forced_down': False,
        'last_seen_up': '2026-11-21T10:00:00Z',
        'report_count': 1,
        'uuid': 'fa69c544-906b-4a6a-a9c6-c1f7a8078c73',
        'version': 66,
    }
    return {
        'nova_object.name': 'ServiceStatusPayload',
        'nova_object.namespace': 'nova',
        'nova_object.version': '1.1',
        'nova_object.data': data | values,
    }


def note(stage: Stage, sent: float = 0.0, **values: Any) -> bool:
    """:param sent: seconds ago."""
    at = datetime.datetime.fromtimestamp(stage.clock.now() - sent, datetime.UTC)
    metadata = {'message_id': 'm', 'timestamp': str(at.replace(tzinfo=None))}
    told = evidence.read(update(**values), metadata, stage.clock.now())
    assert told is not None
    answer: bool = stage.ask(lambda: evidence.note(stage.site, told))
    return answer


def said(stage: Stage) -> list[tuple[str, str]]:
    return [(row['what'], row['why']) for row in stage.rows(tables.event) if row['who'] == 'nova']


@pytest.fixture
def recovery(stage: Stage) -> str:
    """A live recovery of the host."""
    stage.world.lose_power(HOST)
    stage.run(70.0)
    assert stage.alarm(HOST).answer == 'admit'
    return str(stage.recovery()['id'])


def test_what_somebody_else_did_is_told_once(stage: Stage, recovery: str) -> None:
    assert note(stage, disabled=True, disabled_reason='disk swap')
    assert not note(stage, disabled=True, disabled_reason='disk swap')
    assert said(stage) == [
        (f'somebody else changed the service of {HOST}: it was disabled', 'disk swap')
    ]
    assert note(stage, disabled=True, disabled_reason='disk swap', forced_down=True)
    assert said(stage)[-1][0].endswith('it was disabled and was forced down')
    (row,) = [row for row in stage.rows(tables.event) if row['who'] == 'nova'][:1]
    assert row['recovery'] == recovery


def test_what_we_did_is_no_news(stage: Stage, recovery: str) -> None:
    stage.worker('w1')
    stage.watcher()
    stage.until(lambda: 'force-down' in [row['action'] for row in stage.rows(tables.intent)])
    ours = f'{recovery} at work'
    assert not note(stage, disabled=True, disabled_reason=ours)  # late
    assert not note(stage, disabled=True, disabled_reason=ours, forced_down=True)
    assert said(stage) == []


def test_what_somebody_takes_back_of_ours_is_told(stage: Stage, recovery: str) -> None:
    stage.worker('w1')
    stage.watcher()
    stage.until(lambda: 'force-down' in [row['action'] for row in stage.rows(tables.intent)])
    stage.run(8.0)
    assert stage.state() == 'running'
    ours = f'{recovery} at work'
    assert not note(stage, 6.0, disabled=True, disabled_reason=ours)  # late
    assert note(stage, disabled=True, disabled_reason=ours)
    assert said(stage)[-1][0].endswith('it is forced down no more')
    assert note(stage, forced_down=True)
    assert said(stage)[-1][0].endswith('it was enabled')


def test_what_was_before_the_recovery_is_no_news(stage: Stage, recovery: str) -> None:
    assert not note(stage, 20.0, disabled=True, disabled_reason='disk swap')
    assert note(stage, disabled=True, disabled_reason='disk swap')


def test_our_reason_is_known_by_the_id_that_is_really_sent(stage: Stage, recovery: str) -> None:
    stage.worker('w1')
    stage.watcher()
    stage.until(stage.ended)
    services = stage.ask(lambda: stage.site.compute.services(timeout=5.0))
    (reason,) = [one.disabled_reason for one in services if one.host == HOST]
    assert recovery in reason


def test_without_a_live_recovery_there_is_nothing_to_tell(stage: Stage) -> None:
    assert not note(stage, disabled=True, disabled_reason='disk swap')
    assert said(stage) == []


def test_other_services_are_passed_over() -> None:
    assert evidence.read(update(binary='nova-scheduler'), {}, 0.0) is None


@pytest.mark.parametrize(
    'payload',
    [None, [], {}, {'nova_object.data': []}, update(host=''), update(disabled='no')],
)
def test_what_is_not_from_nova(payload: Any) -> None:
    with pytest.raises(evidence.NotNova):
        evidence.read(payload, {}, 0.0)


@pytest.mark.parametrize('metadata', [None, {}, {'timestamp': None}, {'timestamp': 'noon'}])
def test_a_message_without_a_time_was_sent_now(metadata: Any) -> None:
    told = evidence.read(update(), metadata, 7.0)
    assert told is not None
    assert told.at == 7.0
