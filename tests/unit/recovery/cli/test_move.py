"""approve, reject, cancel, rerun, settle."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from recovery.operate import hold
from recovery.operate.refusal import Refusal
from recovery.policy import approvals
from tests.unit.recovery.cli.site import Operator

YES = ('--yes', '--reason', 'I said so')


def held(run: Operator, *gates: str, state: str = 'held') -> str:
    identifier = run.recovery(state=state, code='held', reason='held', next_check=9e9)
    run.add(
        'decision', recovery=identifier, stage='intake', answer='hold', gate=gates[0],
        reason='held', at=run.store.clock.now(),
        gates=[
            {'gate': name, 'question': '?', 'inputs': {}, 'answer': 'hold', 'reason': f'{name}!',
             'verb': 'recovery unpause', 'approved': False}
            for name in gates
        ],
    )  # fmt: skip
    return identifier


def told(run: Operator, identifier: str) -> list[tuple[str, str, str]]:
    return [
        (row['who'], row['what'], row['why'])
        for row in run.rows('event')
        if row['recovery'] == identifier
    ]


@pytest.mark.parametrize('state', ['held', 'waiting'])
def test_approve_opens_the_gates_that_hold(run: Operator, state: str) -> None:
    identifier = held(run, 'mass-failure', 'foreign', state=state)
    done = run('approve', identifier[:8], *YES)
    assert done.code == 0, done.err
    row = run.row(identifier)
    assert (row['state'], row['approved_by']) == ('ready', 'bob')
    assert approvals.names(row['approved_gates']) == ('foreign', 'mass-failure')
    assert (row['next_check'], row['code']) == (None, None)
    assert told(run, identifier) == [('bob', 'approved: mass-failure, foreign', 'I said so')]


def test_what_was_not_shown_is_not_approved(run: Operator) -> None:
    """Between the question and the answer a gate has found more: the human is asked again."""
    identifier = held(run, 'mass-failure')
    shown = [{'gate': 'mass-failure', 'kind': 'found', 'extent': {'cloud': 4}}]
    for extent, refused in (({'cloud': 7}, True), ({'cloud': 4}, False)):
        run.add(
            'decision', recovery=identifier, stage='held', answer='hold', gate='mass-failure',
            reason='held', at=run.store.clock.now(),
            gates=[
                {'gate': 'mass-failure', 'question': '?', 'inputs': {}, 'answer': 'hold',
                 'reason': f'{extent["cloud"]} failed', 'verb': '', 'approved': False,
                 'finding': 'found', 'extent': extent}
            ],
        )  # fmt: skip
        expected = pytest.raises(Refusal, match='"mass-failure" says: 7 failed; look again')
        with expected if refused else nullcontext():
            hold.approve(run.store, identifier, by='bob', reason='so', seen=shown)
    assert run.row(identifier)['approved_gates'] == shown


def test_approve_cannot_open_every_gate(run: Operator) -> None:
    identifier = held(run, 'mass-failure', 'paused')
    done = run('approve', identifier, *YES)
    assert done.code == 1
    assert 'no approval opens the gate "paused"' in done.err
    assert 'next: recovery unpause' in done.err
    assert run.row(identifier)['state'] == 'held'


def test_every_gate_that_holds_is_shown_before_an_approval(run: Operator) -> None:
    identifier = held(run, 'mass-failure', 'foreign')
    for text in (run('show', identifier).out, run('approve', identifier, typed='n\n').out):
        assert 'mass-failure!' in text
        assert 'foreign!' in text
    assert run.row(identifier)['state'] == 'held'


@pytest.mark.parametrize('verb', ['approve', 'reject'])
def test_what_is_not_held_is_not_answered(run: Operator, verb: str) -> None:
    identifier = run.recovery(state='ready')
    done = run(verb, identifier, *YES)
    assert done.code == 1
    assert f'recovery show {identifier[:8]}' in done.err


def test_reject_ends_it(run: Operator) -> None:
    identifier = held(run, 'mass-failure')
    assert run('reject', identifier, *YES).code == 0
    row = run.row(identifier)
    assert (row['state'], row['open_key'], row['next_check']) == ('cancelled', None, None)
    assert row['reason'] == 'rejected by bob: I said so'


@pytest.mark.parametrize(
    ('typed', 'code', 'state'), [('y\n', 0, 'cancelled'), ('\n', 1, 'held'), ('n\n', 1, 'held')]
)
def test_a_write_asks(run: Operator, typed: str, code: int, state: str) -> None:
    identifier = held(run, 'mass-failure')
    done = run('reject', identifier, typed=typed)
    assert done.code == code
    assert 'host-down of compute-01' in done.out
    assert run.row(identifier)['state'] == state


def test_a_write_without_anybody_to_ask_is_a_usage_error(run: Operator) -> None:
    identifier = held(run, 'mass-failure')
    done = run('reject', identifier)
    assert done.code == 2
    assert '--yes' in done.err
    assert run.row(identifier)['state'] == 'held'


def test_cancel_needs_how_and_why(run: Operator) -> None:
    identifier = run.recovery()
    assert run('cancel', identifier, *YES).code == 2
    assert run('cancel', identifier, '--leave', '--undo', *YES).code == 2
    assert run('cancel', identifier, '--leave', '--yes').code == 2
    assert run('cancel', identifier, '--leave', '--yes', '--reason', ' ').code == 2
    assert run.row(identifier)['state'] == 'ready'


@pytest.mark.parametrize('state', ['held', 'ready', 'waiting'])
@pytest.mark.parametrize('how', ['--leave', '--undo'])
def test_cancel_ends_what_did_nothing(run: Operator, state: str, how: str) -> None:
    identifier = run.recovery(state=state)
    assert run('cancel', identifier, how, *YES).code == 0
    row = run.row(identifier)
    assert (row['state'], row['open_key'], row['undoing']) == ('cancelled', None, False)


def test_cancel_undo_above_the_line_lets_a_worker_undo(run: Operator) -> None:
    identifier = run.recovery(state='waiting', next_check=9e9)
    run.intent(identifier, 'disable-service')
    done = run('cancel', identifier, '--undo', *YES)
    assert done.code == 0
    row = run.row(identifier)
    assert (row['state'], row['undoing'], row['next_check']) == ('ready', True, None)
    assert row['open_key'] == 'host:compute-01'


@pytest.mark.parametrize('state', ['waiting', 'running'])
def test_cancel_undo_below_the_line_names_host_return(run: Operator, state: str) -> None:
    identifier = run.recovery(state=state)
    run.intent(identifier, 'power-off')
    before = run.row(identifier)
    done = run('cancel', identifier, '--undo', *YES)
    assert done.code == 1
    assert 'then recovery host return compute-01 brings it back' in done.err
    assert f'next: recovery cancel {identifier[:8]} --leave' in done.err
    assert run.row(identifier) == before
    assert told(run, identifier) == []


def test_cancel_leave_below_the_line_ends_it(run: Operator) -> None:
    identifier = run.recovery(state='waiting')
    run.intent(identifier, 'power-off')
    assert run('cancel', identifier, '--leave', *YES).code == 0
    assert run.row(identifier)['state'] == 'cancelled'


@pytest.mark.parametrize(('how', 'wish'), [('--leave', 'leave'), ('--undo', 'undo')])
def test_cancel_asks_the_owner(run: Operator, how: str, wish: str) -> None:
    identifier = run.recovery(state='running', token='t', worker='w1', epoch=3)
    done = run('cancel', identifier, how, *YES)
    assert done.code == 0
    assert 'at its next step' in done.out
    row = run.row(identifier)
    assert (row['state'], row['token'], row['wish'], row['wish_by'], row['wish_reason']) == (
        'running', 't', wish, 'bob', 'I said so',
    )  # fmt: skip


def test_what_has_ended_is_not_cancelled(run: Operator) -> None:
    done = run('cancel', run.recovery(state='done'), '--leave', *YES)
    assert (done.code, 'ended already (done)' in done.err) == (1, True)


@pytest.mark.parametrize('state', ['done-with-failures', 'done', 'cancelled', 'undone', 'expired',
                                   'waiting'])  # fmt: skip
def test_rerun_begins_a_new_round(run: Operator, state: str) -> None:
    identifier = run.recovery(
        state=state, book='b', claims=4, approved_by='eve', approved_gates=['foreign'],
        phase='restore',
    )  # fmt: skip
    failed = run.item(identifier, 'vm-1', 'failed')
    run.item(identifier, 'vm-2', 'moved')
    run.item(identifier, 'vm-3', 'unsettled')
    done = run('rerun', identifier, *YES)
    assert (done.code, 'round 2' in done.out) == (0, True), done.err
    row = run.row(identifier)
    expected: dict[str, Any] = {
        'state': 'ready', 'round': 2, 'book': None, 'claims': 0, 'open_key': 'host:compute-01',
        'ended_at': None, 'approved_by': None, 'approved_gates': None, 'phase': None,
    }  # fmt: skip
    assert {key: row[key] for key in expected} == expected
    states = {item['instance']: item['state'] for item in run.rows('item')}
    assert states.pop(failed) == 'pending'
    assert sorted(states.values()) == ['moved', 'unsettled']


def test_rerun_of_all_items(run: Operator) -> None:
    identifier = run.recovery(state='done')
    for state in ('failed', 'left', 'moved', 'unsettled'):
        run.item(identifier, state, state)
    assert run('rerun', identifier, '--items', 'all', *YES).code == 0
    assert {item['name']: item['state'] for item in run.rows('item')} == {
        'failed': 'pending', 'left': 'pending', 'moved': 'pending', 'unsettled': 'unsettled',
    }  # fmt: skip


@pytest.mark.parametrize('which', ['failed', 'all', 'settled'])
def test_what_a_human_has_settled_is_looked_at_again_when_it_is_named(
    run: Operator, which: str
) -> None:
    identifier = run.recovery(state='done')
    word = 'settled by ann: I saw it'
    for state in ('failed', 'left', 'moved'):
        run.item(identifier, state, state)
        run.item(identifier, f'{state}-by-ann', state, reason=word)
    assert run('rerun', identifier, '--items', which, *YES).code == 0
    again = {item['name'] for item in run.rows('item') if item['state'] == 'pending'}
    assert (
        again
        == {
            'failed': {'failed', 'failed-by-ann'},
            'all': {'failed', 'failed-by-ann', 'left', 'moved'},
            'settled': {'left-by-ann', 'moved-by-ann'},
        }[which]
    )


def test_a_rerun_of_what_a_human_has_settled_says_the_danger(run: Operator) -> None:
    identifier = run.recovery(state='done')
    run.item(identifier, 'vm', 'moved', reason='settled by ann: I saw it')
    done = run('rerun', identifier, '--items', 'settled', '--reason', 'again', typed='n\n')
    assert 'runs twice if it runs anywhere: look first' in done.out + done.err
    assert run.rows('item')[0]['state'] == 'moved'


@pytest.mark.parametrize(
    ('state', 'said'),
    [('running', 'is running on w1'), ('held', 'has not begun'), ('ready', 'about to run'),
     ('superseded', 'gave way')],
)  # fmt: skip
def test_rerun_is_refused(run: Operator, state: str, said: str) -> None:
    identifier = run.recovery(state=state, worker='w1', superseded_by='f' * 36)
    before = run.row(identifier)
    done = run('rerun', identifier, *YES)
    assert (done.code, said in done.err, 'next: recovery' in done.err) == (1, True, True), done.err
    assert run.row(identifier) == before


def test_rerun_names_the_recovery_that_blocks_the_host(run: Operator) -> None:
    old = run.recovery(state='done')
    live = run.recovery(state='waiting')
    done = run('rerun', old, *YES)
    assert done.code == 1
    assert f'next: recovery show {live[:8]}' in done.err


def test_settle_ends_an_unsettled_item(run: Operator) -> None:
    identifier = run.recovery(state='waiting', code='unsettled')
    instance = run.item(identifier, 'vm-1', 'unsettled')
    now = run.store.clock.now()
    run.add('attempt', recovery=identifier, instance=instance, round=1, epoch=1, state='accepted',
            at=now, deadline_at=now, destination_sure=False, reason='')  # fmt: skip
    done = run('settle', identifier, 'vm-1', '--as', 'moved', *YES)
    assert done.code == 0, done.err
    assert run.row(identifier)['state'] == 'ready'
    assert run.rows('item')[0]['state'] == 'moved'
    attempt = run.rows('attempt')[0]
    assert (attempt['state'], attempt['destination_sure']) == ('moved', False)
    assert attempt['ended_at'] is not None


def test_settle_takes_a_word_on_what_a_migration_blocks(run: Operator) -> None:
    identifier = run.recovery(state='waiting', code='unsettled')
    instance = run.item(identifier, 'vm-1', 'pending')
    assert run('settle', identifier, instance[:8], '--as', 'left', *YES).code == 1
    blocked = run.recovery('compute-02', state='waiting', code='migration-open')
    instance = run.item(blocked, 'vm-2', 'pending')
    done = run('settle', blocked, instance[:8], '--as', 'left', *YES)
    assert done.code == 0, done.err
    assert [row['state'] for row in run.rows('item')] == ['pending', 'left']


def test_settle_is_refused_for_what_is_settled(run: Operator) -> None:
    identifier = run.recovery(state='waiting', code='unsettled')
    run.item(identifier, 'vm-1', 'failed')
    run.item(identifier, 'vm-2', 'unsettled')
    done = run('settle', identifier, 'vm-1', '--as', 'moved', *YES)
    assert (done.code, 'unsettled are: vm-2' in done.err) == (1, True)
    running = run.recovery('compute-02', 'running')
    assert run('settle', running, 'vm-2', '--as', 'moved', *YES).code == 1
