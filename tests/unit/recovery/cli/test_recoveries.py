"""list, show and items."""

from __future__ import annotations

import csv
import io

import yaml

from recovery.db import workers
from tests.unit.recovery.cli.site import Operator

ONE, TWO = 'aaaa1111-0000-4000-8000-000000000001', 'aaaa2222-0000-4000-8000-000000000002'


def test_an_empty_list_is_no_error(run: Operator) -> None:
    done = run('list', '-f', 'json')
    assert (done.code, done.json) == (0, [])


def test_list_shows_the_live_and_the_recent(run: Operator) -> None:
    live = run.recovery('compute-01', 'waiting', reason='BMC is dead', verb='recovery x')
    now = run.store.clock.now()
    run.recovery('compute-02', 'done', ended_at=now - 3 * 86400)
    assert [row['ID'] for row in run('list', '-f', 'json').json] == [live]
    assert len(run('list', '--all', '-f', 'json').json) == 2
    assert len(run('list', '--since', '4d', '-f', 'json').json) == 2
    assert len(run('list', '--since', '2d', '-f', 'json').json) == 1
    assert [row['State'] for row in run('list', '--state', 'done', '-f', 'json').json] == ['done']
    assert run('list', '--host', 'compute-09', '-f', 'json').json == []
    row = run('list', '-f', 'json').json[0]
    assert (row['Reason'], row['Next']) == ('BMC is dead', 'recovery x')


def test_a_storm_is_one_line_for_people(run: Operator) -> None:
    why = '40 of 100 hosts look failed at once'
    other = run.recovery('compute-90', 'waiting', reason='BMC is dead')
    held = [
        run.recovery(f'compute-{number:02d}', 'held', code='mass-failure', reason=why)
        for number in range(4)
    ]
    said = run('list').out
    assert other[:8] in said
    assert not [one for one in held if one[:8] in said]
    assert said.count(why) == 1
    assert '4 hosts' in said
    assert 'recovery list --state held' in said
    for more in (['--state', 'held'], ['--all']):
        assert all(one[:8] in run('list', *more).out for one in held)
    assert len(run('list', '-f', 'json').json) == 5


def test_a_few_held_by_a_storm_are_listed(run: Operator) -> None:
    held = [run.recovery(f'compute-{one}', 'held', code='storm', reason='x') for one in range(3)]
    said = run('list').out
    assert all(one[:8] in said for one in held)


def test_every_format(run: Operator) -> None:
    identifier = run.recovery()
    assert identifier[:8] in run('list').out
    assert run('list', '-f', 'json').json[0]['ID'] == identifier
    assert yaml.safe_load(run('list', '-f', 'yaml').out)[0]['ID'] == identifier
    assert next(iter(csv.DictReader(io.StringIO(run('list', '-f', 'csv').out))))['ID'] == identifier
    assert run('list', '-f', 'value', '-c', 'ID').out.strip() == identifier


def test_a_wrong_state_names_the_right_ones(run: Operator) -> None:
    done = run('list', '--state', 'stuck')
    assert done.code == 2
    assert "there is no state 'stuck'" in done.err
    assert 'waiting' in done.err


def test_a_wrong_time_is_a_usage_error(run: Operator) -> None:
    done = run('list', '--since', 'yesterday')
    assert done.code == 2
    assert 'ISO 8601' in done.err


def test_show_says_what_holds_it_and_what_moves_it(run: Operator) -> None:
    identifier = run.recovery(
        state='waiting', code='fence-exhausted', reason='the BMC does not answer',
        verb='recovery confirm-fenced compute-01',
    )  # fmt: skip
    run.item(identifier, 'vm-1', 'moved')
    run.item(identifier, 'vm-2', 'failed', reason='no valid host')
    done = run('show', identifier[:8])
    assert done.code == 0
    for words in (
        'host-down of compute-01',
        'waiting',
        'round 1',
        '1 of 2 moved, 1 failed',
        'vm-2',
        'no valid host',
        'WAITS FOR A HUMAN: the BMC does not answer',
        'next: recovery confirm-fenced compute-01',
        'verify-down',
        'power-off',
    ):
        assert words in done.out, words  # fmt: skip
    assert 'REVERT' not in done.out


def test_show_for_machines(run: Operator) -> None:
    identifier = run.recovery(state='held', code='mass-failure', reason='5 of 9 look failed')
    found = run('show', identifier, '-f', 'json').json
    assert (found['id'], found['state'], found['round']) == (identifier, 'held', 1)
    assert found['next'] == f'recovery approve {identifier[:8]}'
    assert [step['state'] for step in found['steps']] == ['to do'] * len(found['steps'])
    assert found['steps'][0] == {
        'phase': 'verify', 'name': 'verify-down', 'state': 'to do', 'seconds': None,
        'attempt': 1, 'message': '', 'started_at': None, 'ended_at': None,
    }  # fmt: skip


def test_one_field_as_a_value(run: Operator) -> None:
    identifier = run.recovery()
    assert run('show', identifier, '-f', 'value', '-c', 'state').out.strip() == 'ready'


def test_an_ambiguous_beginning_names_all(run: Operator) -> None:
    run.recovery('compute-01', id=ONE)
    run.recovery('compute-02', id=TWO)
    done = run('show', 'aaaa')
    assert done.code == 1
    assert ONE in done.err
    assert TWO in done.err
    assert run('show', 'aaaa1').code == 0


def test_an_unknown_id_says_where_to_look(run: Operator) -> None:
    for given in ('beef', '%', "x'; drop"):
        done = run('show', given)
        assert (done.code, done.out) == (1, '')
        assert 'recovery list --all' in done.err


def test_ready_without_a_worker_says_so(run: Operator) -> None:
    identifier = run.recovery()
    assert 'none is alive: start recovery-worker' in run('show', identifier).out
    now = run.store.clock.now()
    run.add('worker', name='w1', kind='worker', host='ctl', pid=7, version='1', started_at=now,
            seen_at=now)  # fmt: skip
    assert 'one will take it' in run('show', identifier).out
    with run.store.write() as connection:
        workers.drain(connection, ['w1'], by='bob', now=now)
    assert 'each that is alive drains, by bob' in run('show', identifier).out


def test_a_done_recovery_of_a_host_still_out_names_its_return(run: Operator) -> None:
    identifier = run.recovery(state='done', reason=None)
    run.add('host', name='compute-01', maintenance=False, failed_by=identifier, carries=[],
            identities={})  # fmt: skip
    assert 'next: recovery host return compute-01' in run('show', identifier).out


def test_items_with_their_newest_attempt(run: Operator) -> None:
    identifier = run.recovery()
    low = run.item(identifier, 'vm-low', 'failed', reason='no valid host')
    run.item(identifier, 'vm-high', 'moved', priority=9, destination='compute-02')
    now = run.store.clock.now()
    for migration in (3, 4):
        run.add('attempt', recovery=identifier, instance=low, round=1, epoch=1, state='failed',
                migration=migration, at=now, deadline_at=now, destination_sure=True,
                reason='')  # fmt: skip
    rows = run('items', identifier, '-f', 'json').json
    assert [(row['Name'], row['Attempts'], row['Migration']) for row in rows] == [
        ('vm-high', 0, ''), ('vm-low', 2, 4),
    ]  # fmt: skip
    assert [row['Name'] for row in run('items', identifier, '--state', 'failed', '-f', 'json').json]
    assert run('items', identifier, '--state', 'lost').code == 2
