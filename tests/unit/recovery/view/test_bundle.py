"""A bundle of a real run: complete, valid, sealed, without a secret, and made without writing."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa

from recovery.db import tables
from recovery.operate.rerun import Which, rerun
from recovery.policy import recorded
from recovery.view import bundle, bundle_file
from tests.stage import Stage, play

PASSWORD = 'correct-horse-battery-staple'
INVENTORY = {
    'patterns': [
        {
            'match': '*',
            'levels': [
                [
                    {
                        'name': 'bmc',
                        'driver': 'simulated',
                        'address': 'sim://{host}',
                        'username': 'fencer',
                        'password': PASSWORD,
                    }
                ]
            ],
        }
    ]
}


@pytest.fixture(scope='module')
def stage() -> Iterator[Stage]:
    """A recovery from its alarm to its end, fenced by a device with a password."""
    with play(hosts=4, instances=8, inventory=INVENTORY) as stage:
        stage.world.bmc_password = PASSWORD
        stage.worker('w1')
        stage.watcher()
        stage.world.lose_power('compute-01')
        stage.run(40.0)
        assert stage.alarm('compute-01').answer == 'admit'
        stage.until(stage.ended)
        yield stage


@pytest.fixture(scope='module')
def made(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = stage.ask(
        lambda: bundle_file.sealed(bundle.body(stage.site.store, stage.recovery()['id'][:8]))
    )
    return found


def test_it_follows_its_schema(made: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(bundle_file.schema())
    jsonschema.validate(made, bundle_file.schema(), jsonschema.Draft202012Validator)


def test_everything_on_record_is_in_it(stage: Stage, made: dict[str, Any]) -> None:
    body = made['body']
    for name, table in (
        ('intents', tables.intent), ('proofs', tables.proof), ('items', tables.item),
        ('attempts', tables.attempt), ('events', tables.event), ('alarms', tables.alarm),
        ('decisions', tables.decision),
    ):  # fmt: skip
        assert len(body[name]) == len(stage.rows(table)) > 0, name
    assert [one['stage'] for one in body['decisions']] == ['intake', 'verify', 'line']
    assert all(one['gates'] for one in body['decisions'])
    assert all(one['request_id'].startswith('req-') for one in body['attempts'])
    (proof,) = body['proofs']
    assert [one['power'] for one in proof['observations']] == ['off', 'off']
    assert {one['name'] for one in body['workers']} == {'w1'}
    assert body['made']['versions']['schema'] == '0004'
    assert body['made']['versions']['taskflow']


def test_the_steps_of_its_round_are_there(made: dict[str, Any]) -> None:
    (one,) = made['body']['rounds']
    assert one['round'] == 1
    assert [step['step'] for step in one['steps']][:2] == ['verify-down', 'disable-service']
    assert {step['state'] for step in one['steps']} == {'done'}
    assert all(step['started_at'] <= step['ended_at'] for step in one['steps'])


def test_the_timings_follow_each_other(made: dict[str, Any]) -> None:
    timings = made['body']['timings']
    marks = ['alarm', 'admission', 'first_effect', 'line', 'proof', 'first_evacuate', 'last_item']
    moments = [timings['at'][name] for name in marks]
    assert all(moments)
    assert moments == sorted(moments)
    seconds = timings['seconds']
    assert seconds['line_to_proof'] >= 2.0
    assert seconds['admission_to_last_item'] > seconds['first_evacuate_to_last_item']


def test_its_decisions_can_be_made_again(made: dict[str, Any]) -> None:
    for one in made['body']['decisions']:
        assert recorded.from_json(one['replay']).inputs.subject == 'compute-01'


def test_no_secret_is_in_it(stage: Stage, made: dict[str, Any]) -> None:
    text = '\n'.join(bundle_file.text(made))
    for secret in (PASSWORD, 'fencer', 'password: simulated', stage.site.conf.database.connection):
        assert secret not in text
    assert '"token"' not in text


def test_the_token_of_a_running_recovery_is_not_in_it() -> None:
    with play(hosts=4, instances=8) as stage:
        stage.worker('w1')
        stage.world.lose_power('compute-01')
        stage.run(40.0)
        stage.alarm('compute-01')
        stage.until(lambda: stage.state() == 'running')
        token = str(stage.recovery()['token'])
        body = stage.ask(lambda: bundle.body(stage.site.store, stage.recovery()['id']))
    assert len(token) > 8
    assert token not in json.dumps(body)
    jsonschema.validate(
        bundle_file.sealed(body), bundle_file.schema(), jsonschema.Draft202012Validator
    )


def test_making_it_writes_nothing(stage: Stage) -> None:
    heard: list[str] = []

    def listen(_one: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        heard.append(statement)

    store = stage.site.store
    sa.event.listen(store.engine, 'before_cursor_execute', listen)
    try:
        stage.ask(lambda: bundle.body(store, stage.recovery()['id']))
    finally:
        sa.event.remove(store.engine, 'before_cursor_execute', listen)
    assert len(heard) > 10
    assert [one for one in heard if one.split()[0] not in ('SELECT', 'PRAGMA', 'BEGIN')] == []


def test_every_column_is_in_the_schema_or_left_out_on_purpose(made: dict[str, Any]) -> None:
    """A new column has to be described, or be named among those that are left out."""
    sections = bundle_file.schema()['properties']['body']['properties']
    left_out = {'recovery': {*bundle._OWNERSHIP}, 'decisions': {'recovery', 'inputs'}}
    for name, table in (
        ('recovery', tables.recovery), ('alarms', tables.alarm), ('decisions', tables.decision),
        ('intents', tables.intent), ('proofs', tables.proof), ('items', tables.item),
        ('attempts', tables.attempt), ('events', tables.event),
    ):  # fmt: skip
        section = sections[name].get('items', sections[name])
        described = section.get('anyOf', [section])[-1]['properties']
        but = left_out.get(name, {'recovery'} if name != 'alarms' else set())
        assert {column.name for column in table.columns} - but <= set(described), name


def test_a_section_that_was_changed_is_named(made: dict[str, Any]) -> None:
    assert bundle_file.differences(made) == []
    forged = copy.deepcopy(made)
    forged['body']['proofs'][0]['level'] = 2
    assert bundle_file.differences(forged) == ['section proofs was changed']
    del forged['body']['items']
    said = bundle_file.differences(forged)
    assert said[:2] == ['section items was taken out', 'section proofs was changed']
    assert "'items' is a required property" in said[2]


def test_a_digest_that_was_made_anew_for_one_section_shows(made: dict[str, Any]) -> None:
    forged = copy.deepcopy(made)
    forged['body']['proofs'][0]['level'] = 2
    forged['digest']['sections']['proofs'] = bundle_file.digest(forged['body']['proofs'])
    assert bundle_file.differences(forged) == [
        'the digests of the sections were changed, or that of the whole'
    ]


def test_a_forgery_with_new_digests_differs_from_the_database(
    stage: Stage, made: dict[str, Any]
) -> None:
    body = copy.deepcopy(made['body'])
    body['proofs'][0]['level'] = 2
    forged = bundle_file.sealed(body)
    assert bundle_file.differences(forged) == []
    stored = stage.ask(lambda: bundle.body(stage.site.store, stage.recovery()['id']))
    assert bundle_file.against(forged['body'], stored) == ['the database has another proofs']
    assert bundle_file.against(made['body'], stored) == []


def test_both_rounds_of_a_rerun_are_there(stage: Stage, made: dict[str, Any]) -> None:
    """Last, for it changes the recovery that the others look at."""
    identifier = stage.recovery()['id']
    stage.ask(lambda: rerun(stage.site.store, identifier, Which.ALL, by='ann', reason='once more'))
    stage.until(lambda: stage.recovery()['round'] == 2 and stage.state() in ('waiting', 'done'))
    body = stage.ask(lambda: bundle.body(stage.site.store, identifier))
    first, second = body['rounds']
    keys = ('phase', 'step', 'state', 'started_at')
    before = made['body']['rounds'][0]['steps']
    assert [[one[key] for key in keys] for one in first['steps']] == [
        [one[key] for key in keys] for one in before
    ]
    assert first['book'] != second['book']
    assert second['steps'][0]['state'] != 'to do'
    jsonschema.validate(
        bundle_file.sealed(body), bundle_file.schema(), jsonschema.Draft202012Validator
    )
