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
