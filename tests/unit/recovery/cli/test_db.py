"""db upgrade, check, purge."""

from __future__ import annotations

from tests.unit.recovery.cli.site import Operator


def test_upgrade_again_changes_nothing(run: Operator) -> None:
    identifier = run.recovery()
    done = run('db', 'upgrade', '--yes')
    assert (done.code, '0004 now' in done.out) == (0, True)
    assert run.row(identifier)['state'] == 'ready'
    assert run('db', 'upgrade').code == 2


def test_check_names_what_is_unsound(run: Operator) -> None:
    identifier = run.recovery()
    assert run('db', 'check').code == 0
    with run.store.write() as connection:
        connection.exec_driver_sql('UPDATE recovery SET open_key = NULL')
    done = run('db', 'check')
    assert (done.code, identifier in done.out) == (1, True)


def test_purge_asks_with_the_count(run: Operator) -> None:
    now = run.store.clock.now()
    old = run.recovery(state='done', ended_at=now - 200 * 86400, created_at=now - 200 * 86400)
    run.recovery('compute-02')
    asked = run('db', 'purge', typed='no\n')
    assert (asked.code, '1 recoveries are forgotten' in asked.out) == (1, True)
    assert run('db', 'purge', '--days', '0.5', '--yes').code == 2
    done = run('db', 'purge', '--yes')
    assert (done.code, 'forgotten: 1 recoveries' in done.out) == (0, True)
    assert old not in [row['id'] for row in run.rows('recovery')]
    assert len(run.rows('recovery')) == 1
