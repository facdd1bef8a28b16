"""watch: what it prints, and how it ends."""

from __future__ import annotations

import pytest

from drivers.clock import SystemClock
from tests.unit.recovery.cli.site import Operator, Result


@pytest.mark.parametrize(
    ('state', 'code'),
    [('done', 0), ('undone', 0), ('done-with-failures', 3), ('expired', 3), ('cancelled', 1)],
)
def test_it_ends_with_the_outcome(run: Operator, state: str, code: int) -> None:
    done = run('watch', run.recovery(state=state))
    assert (done.code, state in done.out) == (code, True)


def test_it_ends_with_4_when_a_human_is_needed(run: Operator) -> None:
    identifier = run.recovery(state='waiting', code='fence-exhausted', reason='the BMC is dead',
                              verb='recovery confirm-fenced compute-01')  # fmt: skip
    done = run('watch', identifier)
    assert done.code == 4
    assert 'waiting: the BMC is dead; next: recovery confirm-fenced compute-01' in done.out


def test_a_gate_that_opens_by_itself_is_waited_for(run: Operator) -> None:
    identifier = run.recovery(state='held', code='settled', next_check=9e9)
    run('show', identifier)
    assert 'WAITS FOR A HUMAN' not in run('show', identifier).out
    other = run.recovery('compute-02', 'held', code='mass-failure', next_check=9e9)
    assert run('watch', other).code == 4


def test_what_is_held_is_called_so_while_it_is_decided_again_by_itself(run: Operator) -> None:
    why = {'code': 'mass-failure', 'reason': '3 of 6 services are down'}
    identifier = run.recovery(state='held', next_check=9e9, **why)
    shown = run('show', identifier).out
    assert 'held: 3 of 6 services are down; nobody looks at it again: no watcher is' in shown
    now = run.store.clock.now()
    run.add('worker', name='watcher-1', kind='watcher', host='ctl-1', pid=1, version='1',
            started_at=now, seen_at=now)  # fmt: skip
    shown = run('show', identifier).out
    assert 'held: 3 of 6 services are down; looked at again in' in shown
    assert 'WAITS FOR A HUMAN' not in shown
    shown = run('show', run.recovery('compute-02', 'held', **why)).out
    assert 'WAITS FOR A HUMAN: 3 of 6 services are down; only a human moves it' in shown


@pytest.mark.parametrize('words', [[], ['--until-ended']])
def test_it_prints_what_changes_until_the_end(run: Operator, words: list[str]) -> None:
    identifier = run.recovery(state='running', worker='w1', claims=1)
    ended: list[Result] = []
    clock = SystemClock()
    event = clock.spawn(
        'watch', lambda: ended.append(run('watch', identifier[:8], '--seconds', '0.05', *words))
    )
    clock.wait(None, 2.0)  # it has looked by then, also on a machine that is busy
    moved = run.item(identifier, 'vm-1', 'moved')
    clock.wait(None, 1.0)
    assert moved
    assert not event.is_set()
    with run.store.write() as connection:
        connection.exec_driver_sql(
            "UPDATE recovery SET state = 'done', open_key = NULL, worker = NULL, ended_at = 1"
        )
    assert clock.wait(event, 20.0)
    lines = ended[0].out.splitlines()
    assert ended[0].code == 0
    said = [line.split(' ', 1)[1] for line in lines]
    assert said[0] == 'running by w1, claim 1'
    assert 'instances: 1 of 1 moved' in said
    assert said[-1].startswith('done')
    assert len(said) == len(set(said)), 'only what changed'


def test_a_superseded_one_is_followed(run: Operator) -> None:
    later = run.recovery(state='done')
    done = run('watch', run.recovery(state='superseded', superseded_by=later))
    assert done.code == 0


def test_all_of_none_ends_at_once(run: Operator) -> None:
    assert run('watch').code == 0
    assert run('watch', '--seconds', '0').code == 2
