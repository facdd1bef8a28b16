"""policy list and policy test; plan --record; the bundle as a file for both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recovery.policy import order
from recovery.policy.order import HOST_DOWN, Stage
from tests.unit.recovery.cli.conftest import Site
from tests.unit.recovery.cli.site import Operator


def test_the_gates_are_listed_in_their_order(run: Operator) -> None:
    rows = run('policy', 'list', '-f', 'json').json
    assert {row['Kind'] for row in rows} == set(order.ORDER)
    done = run('policy', 'list', '--kind', HOST_DOWN, '--stage', 'line', '-f', 'json')
    asked = order.gates(HOST_DOWN, Stage.LINE)
    assert [row['Gate'] for row in done.json] == [gate.name for gate in asked]
    assert [row['No'] for row in done.json] == list(range(1, len(asked) + 1))
    assert done.json[0]['Question'].endswith('?')
    assert {row['Approvable'] for row in rows} == {'yes', 'no'}


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['--kind', 'host-lost'], "no failure kind 'host-lost'; there are: host-down"),
        (['--stage', 'dawn'], "no stage 'dawn'; there are: intake"),
    ],
)
def test_a_list_of_what_there_is_not(run: Operator, words: list[str], said: str) -> None:
    done = run('policy', 'list', *words)
    assert (done.code, said in done.err) == (2, True)


def test_a_plan_is_recorded_and_decided_again(site: Site, tmp_path: Path) -> None:
    name = str(tmp_path / 'plan.json')
    planned = site.run('plan', 'compute-01', '--record', name)
    assert planned.code == 4, planned.err
    assert (tmp_path / 'plan.json').stat().st_mode & 0o777 == 0o600
    assert site.run.rows('decision') == [], 'a plan writes nothing into the database'
    done = site.run('policy', 'test', name)
    assert done.code == 0, done.out + done.err
    assert 'as it was recorded' in done.out
    rows = site.run('policy', 'test', name, '-f', 'json').json
    asked = [gate.name for gate in order.gates(HOST_DOWN, Stage.PLAN)]
    assert [row['Gate'] for row in rows] == asked
    assert not any(row['Differs'] for row in rows)
    again = site.run('plan', 'compute-01', '--record', name)
    assert (again.code, 'is there already' in again.err) == (2, True)


def changed(path: Path, **inputs: Any) -> str:
    document = json.loads(path.read_text())
    document['replay']['inputs'] |= inputs
    other = path.with_name('changed.json')
    other.write_text(json.dumps(document))
    return str(other)


def test_a_decision_that_differs_names_the_gate(site: Site, tmp_path: Path) -> None:
    path = tmp_path / 'plan.json'
    site.run('plan', 'compute-01', '--record', str(path))
    paused = {'by': 'ann', 'reason': 'works', 'scope': 'cloud'}
    done = site.run('policy', 'test', changed(path, paused=paused))
    assert done.code == 1
    assert 'differs: the gate "paused" said admit, and says hold' in done.out


def test_a_field_of_another_release_is_a_note(site: Site, tmp_path: Path) -> None:
    path = tmp_path / 'plan.json'
    site.run('plan', 'compute-01', '--record', str(path))
    done = site.run('policy', 'test', changed(path, moon='full'))
    assert (done.code, 'note: inputs.moon is not known' in done.out) == (0, True)


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        (None, 'cannot be read'),
        ('{', 'is no JSON'),
        ('{"a": NaN}', 'NaN is no number'),
        ('{"a": 1, "a": 2}', "the member 'a' is there twice"),
        ('[]', 'no proof bundle'),
        ('{"format": "openstack-recovery decision", "schema": 9}', 'schema 9; this release'),
        ('{"format": "openstack-recovery decision", "schema": 1}', 'was kept with none'),
        (
            '{"format": "openstack-recovery decision", "schema": 1, "gates": ["free"], '
            '"replay": {"format": 1, "may_end": true, "inputs": {"kind": "host-down"}}}',
            'inputs has no',
        ),
        ('{"format": "openstack-recovery bundle", "schema": 9}', 'schema 9; this release'),
    ],
)
def test_a_bad_file_is_a_sentence(
    run: Operator, tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / 'bad.json'
    if text is not None:
        path.write_text(text)
    done = run('policy', 'test', str(path))
    assert done.code == 2, done.out
    assert said in done.err
    assert 'Traceback' not in done.err
    assert 'unexpected' not in done.err


def test_the_decisions_of_a_bundle_are_made_again(site: Site, tmp_path: Path) -> None:
    assert site.run('alarm', 'raise', 'host-down', 'compute-01').code == 4
    name = str(tmp_path / 'bundle.json')
    identifier = site.run.rows('recovery')[0]['id']
    assert site.run('bundle', identifier, '--output', name).code == 0
    done = site.run('policy', 'test', name)
    assert (done.code, 'decision 1: intake of host-down compute-01' in done.out) == (0, True)
    none = site.run('policy', 'test', name, '--decision', '7')
    assert (none.code, 'has no decision 7' in none.err) == (2, True)


def test_other_limits_are_tried_on_what_was_recorded(site: Site, tmp_path: Path) -> None:
    with site.world:
        site.world.lose_power('compute-01')
    name = str(tmp_path / 'plan.json')
    site.run('plan', 'compute-01', '--record', name)
    assert site.run('policy', 'test', name, '--set', 'attempts=7').code == 0
    done = site.run('policy', 'test', name, '--set', 'attempts=0', '--set', 'mass_count=9')
    assert (done.code, 'the gate "attempts" said admit, and says hold' in done.out) == (1, True)
    limits = json.loads(Path(name).read_text())['replay']['inputs']['limits'] | {'attempts': 0}
    other = changed(Path(name), limits=limits)
    assert site.run('policy', 'test', other).code == 1
    assert site.run('policy', 'test', other, '--configured').code == 0


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('moon=1', "no limit 'moon'; there are: down_seconds"),
        ('attempts=many', "not 'attempts=many'"),
        ('attempts="7"', "limits.attempts is '7'; a whole number is wanted"),
        ('attempts', 'LIMIT=NUMBER'),
    ],
)
def test_a_limit_that_there_is_not(site: Site, tmp_path: Path, text: str, said: str) -> None:
    name = str(tmp_path / 'plan.json')
    site.run('plan', 'compute-01', '--record', name)
    done = site.run('policy', 'test', name, '--set', text)
    assert (done.code, said in done.err) == (2, True), done.err
