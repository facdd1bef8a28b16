"""The form of what is told."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from recovery.bus import messages
from recovery.db import states

ROW: dict[str, Any] = {
    'id': 'r-1', 'kind': 'host-down', 'host': 'compute-01', 'subject': 'compute-01',
    'state': 'running', 'phase': 'fence', 'round': 2, 'code': None, 'reason': None, 'verb': None,
    'requested_by': 'ann', 'created_at': 1.9e9, 'started_at': 1.9e9 + 1, 'ended_at': None,
    'updated_at': 1.9e9 + 9, 'epoch': 3,
    'notes': {'steps': {'1': {'verify-down': 1.9e9}, '2': {'power-off': 1.9e9 + 8,
                                                           'verify-down': 1.9e9 + 5}}},
}  # fmt: skip


def told(**values: Any) -> list[messages.Message]:
    found = list(messages.of_recovery(ROW | values, {'moved': 2}))
    for one in found:
        jsonschema.validate(one.payload(), messages.schema())
    return found


def test_the_steps_of_this_round_in_the_order_of_their_times() -> None:
    assert [(one.type, one.key) for one in told()] == [
        ('recovery.started', 'r-1:2:started'),
        ('recovery.step', 'r-1:2:step:verify-down'),
        ('recovery.step', 'r-1:2:step:power-off'),
    ]


def test_two_waits_of_a_round_are_two_pieces_of_news() -> None:
    first = told(state='waiting', code='nova-away')[-1]
    again = told(state='waiting', code='nova-away', epoch=4)[-1]
    assert first.type == again.type == 'recovery.waiting'
    assert first.key != again.key


@pytest.mark.parametrize('state', sorted(states.ENDED))
def test_every_end_is_one(state: str) -> None:
    last = told(state=state, ended_at=1.9e9 + 20)[-1]
    assert last.type == 'recovery.ended'
    body = last.payload()
    assert body['recovery']['state'] == state
    assert body['recovery']['ended_at'] == '2030-03-17T17:47:00.000Z'
    assert body['items'] == {'moved': 2}


def test_one_that_never_began_was_never_started() -> None:
    assert [one.type for one in told(state='held', code='pause', notes={})] == ['recovery.held']
    assert told(state='ready', notes={}) == []


def test_sentences_and_what_was_skipped() -> None:
    row = {'id': 7, 'at': 1.9e9, 'who': 'ann', 'what': 'paused the cloud', 'why': 'work'}
    for message in (
        messages.of_event(row, None),
        messages.of_event(row, ROW),
        messages.of_skipped(3, 5, 7, 1.9e9),
    ):
        jsonschema.validate(message.payload(), messages.schema())
    assert messages.of_skipped(3, 5, 7, 1.9e9).payload()['skipped'] == 3


def test_the_schema_is_one_and_says_what_everything_is() -> None:
    jsonschema.Draft202012Validator.check_schema(messages.schema())
    described = messages.schema()['properties']
    assert all('description' in one for one in described.values())
    major = messages.VERSION.partition('.')[0]
    assert described['version']['pattern'].startswith(f'^{major}\\')
