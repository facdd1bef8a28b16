"""pause, unpause, arm, disarm."""

from __future__ import annotations

import pytest

from tests.unit.recovery.cli.site import Operator


@pytest.mark.parametrize(('on', 'off'), [('pause', 'unpause'), ('disarm', 'arm')])
def test_a_switch_is_set_once_and_cleared_once(run: Operator, on: str, off: str) -> None:
    assert run(off, '--yes').code == 1
    assert run(on, '--yes').code == 2, 'a reason is needed'
    assert run(on, '--yes', '--reason', 'storage is moved').code == 0
    again = run(on, '--yes', '--reason', 'once more')
    assert again.code == 1
    assert 'already, by bob: storage is moved' in again.err
    assert run(off, '--yes').code == 0
    assert [row['who'] for row in run.rows('event')] == ['bob', 'bob']


def test_ready_recoveries_say_that_the_service_is_paused(run: Operator) -> None:
    identifier, now = run.recovery(), run.store.clock.now()
    run.add('worker', name='w1', kind='worker', host='ctl', pid=7, version='1', started_at=now,
            seen_at=now)  # fmt: skip
    run('pause', '--yes', '--reason', 'storage is moved')
    shown = run('show', identifier).out
    assert 'paused by bob: storage is moved' in shown
    assert 'next: recovery unpause' in shown


def test_switches_by_scope(run: Operator) -> None:
    assert run('pause', '--host', 'c1', '--yes', '--reason', 'new board').code == 0
    wide = run('unpause', '--yes')
    assert (wide.code, 'it is not paused' in wide.err) == (1, True)
    done = run('pause', '--segment', 'a', '--yes', '--reason', 'x')
    assert 'next: recovery unpause --segment a' in done.out
    assert run('unpause', '--host', 'c1', '--yes').code == 0
    assert run('disarm', '--host', 'c1', '--segment', 'a', '--yes', '--reason', 'x').code == 2


def test_ready_recoveries_say_that_their_host_is_paused(run: Operator) -> None:
    identifier, now = run.recovery(), run.store.clock.now()
    run.add('worker', name='w1', kind='worker', host='ctl', pid=7, version='1', started_at=now,
            seen_at=now)  # fmt: skip
    run('pause', '--host', 'compute-01', '--yes', '--reason', 'new board')
    shown = run('show', identifier).out
    assert 'host compute-01 was paused by bob: new board' in ' '.join(shown.split())
    assert 'next: recovery unpause --host compute-01' in shown


def with_lines(run: Operator, *lines: str) -> Operator:
    text = '\n'.join(f'local = {line}' for line in lines)
    run.config.write_text(f'{run.config.read_text()}\n[access]\n{text}\n')
    return run


@pytest.mark.parametrize(
    ('words', 'order'),
    [
        (('pause', '--reason', 'x'), 'pause'),
        (('disarm', '--reason', 'x', '--host', 'c1'), 'disarm'),
        (('host', 'set', 'c1', '--segment', 'b'), 'host-set'),
        (('host', 'maintenance', 'c1', 'on', '--reason', 'x'), 'host-maintenance'),
        (('window', 'add', '--last', '1h', '--reason', 'x'), 'window-add'),
        (('alarm', 'raise', 'host-down', 'c1'), 'alarm-raise'),
    ],
)
def test_who_may_not_is_told_the_rule_and_the_role(
    run: Operator, words: tuple[str, ...], order: str
) -> None:
    with_lines(run, 'user:bob reader')
    done = run(*words, *(() if words[0] == 'alarm' else ('--yes',)))
    assert done.code == 1
    wanted = '(rule:operator or role:sender)' if order == 'alarm-raise' else 'role:operator'
    assert f'the rule recovery:{order} asks for {wanted}, and bob has reader' in done.err
    assert run.rows('event') + run.rows('guard') + run.rows('window') + run.rows('host') == []


def test_roles_of_a_segment(run: Operator) -> None:
    assert run('host', 'set', 'compute-01', '--segment', 'a', '--yes').code == 0
    assert run('host', 'set', 'compute-02', '--segment', 'b', '--yes').code == 0
    with_lines(run, 'user:bob operator segments=a')
    mine, other = run.recovery(), run.recovery('compute-02')
    cancel = ('--leave', '--yes', '--reason', 'x')
    assert run('cancel', mine, *cancel).code == 0
    done = run('cancel', other, *cancel)
    assert (done.code, 'bob has none in segment b' in done.err) == (1, True)
    assert run('pause', '--segment', 'a', '--yes', '--reason', 'x').code == 0
    assert run('pause', '--host', 'compute-01', '--yes', '--reason', 'x').code == 0
    assert run('pause', '--segment', 'b', '--yes', '--reason', 'x').code == 1
    assert run('pause', '--yes', '--reason', 'x').code == 1
    assert run('host', 'set', 'compute-01', '--segment', 'b', '--yes').code == 1


def test_a_malformed_line_is_a_wrong_configuration(run: Operator) -> None:
    done = run('pause', '--yes', '--reason', 'x')
    assert done.code == 0
    with_lines(run, 'everybody operator')
    done = run('unpause', '--yes')
    assert (done.code, '[access] local' in done.err) == (2, True)
