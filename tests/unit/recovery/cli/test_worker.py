"""worker list and worker drain."""

from __future__ import annotations

from recovery.db import workers
from recovery.site import Identity
from tests.unit.recovery.cli.site import Operator


def live(run: Operator, *names: str) -> None:
    for name in names:
        workers.seen(run.store, Identity(name, name.partition('-')[0], 'ctl', 1))


def test_draining_is_shown_and_undone(run: Operator) -> None:
    live(run, 'worker-a-1', 'worker-b-2')
    done = run('worker', 'drain', 'worker-a', '--yes', '--reason', 'new kernel')
    assert (done.code, 'worker-a-1 drains' in done.out) == (0, True)
    found = run('worker', 'list', '-f', 'json').json
    assert [(row['Name'], row['Draining']) for row in found] == [
        ('worker-a-1', True),
        ('worker-b-2', False),
    ]
    assert 'by bob' in run('worker', 'list').out
    done = run('worker', 'drain', '--all', '--undo', '--yes')
    assert (done.code, done.out) == (0, 'worker-a-1 takes recoveries again\n')


def test_the_last_needs_force(run: Operator) -> None:
    live(run, 'worker-a-1')
    done = run('worker', 'drain', '--all', '--yes')
    assert done.code == 1
    assert 'nobody would be left' in done.err
    assert run('worker', 'drain', '--all', '--yes', '--force').code == 0


def test_drain_now_says_that_it_lets_go(run: Operator) -> None:
    live(run, 'worker-a-1', 'worker-b-2')
    done = run('worker', 'drain', 'worker-a', '--now', '--yes', '--reason', 'kernel')
    assert done.code == 0
    assert 'worker-a-1 drains, and lets go of what it runs' in done.out
    done = run('worker', 'drain', 'worker-a', '--now', '--undo', '--yes')
    assert (done.code, '--now or --undo' in done.err) == (2, True)


def test_it_asks_and_takes_one_name_or_all(run: Operator) -> None:
    live(run, 'worker-a-1', 'worker-b-2')
    assert run('worker', 'drain', 'worker-a', typed='n\n').code == 1
    assert run('worker', 'drain', '--yes').code == 2
    assert run('worker', 'drain', 'worker-a', '--all', '--yes').code == 2
    assert run('worker', 'drain', 'ghost', '--yes').code == 1


def test_the_doctor_says_that_all_drain(run: Operator) -> None:
    live(run, 'worker-a-1', 'worker-b-2')
    run('worker', 'drain', '--all', '--force', '--yes')
    assert 'all of 2 drain' in run('doctor').out
    run('worker', 'drain', 'worker-a', '--undo', '--yes')
    assert 'drain' not in run('doctor').out
