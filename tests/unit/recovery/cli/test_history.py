"""history and graph of a recovery; flows; the processes and the board."""

from __future__ import annotations

import json

import sqlalchemy as sa

from recovery.view.times import moment
from tests.unit.recovery.cli.site import Operator


def test_history_merges_everything_in_time(run: Operator) -> None:
    identifier = run.recovery()
    instance = run.item(identifier, 'vm-1', 'moved')
    run.add('event', recovery=identifier, at=1.0, who='w1', what='first', why='')
    run.intent(identifier, 'power-off', at=2.0, ended_at=3.5, outcome='accepted',
               observed={'power': 'on'})  # fmt: skip
    run.add('proof', recovery=identifier, round=1, epoch=1, host='compute-01', kind='power',
            level=1, observations=[{'device': 'bmc', 'power': 'off'}], by='', statement='',
            at=4.0, void_at=6.0, void_reason='on again')  # fmt: skip
    run.add('attempt', recovery=identifier, instance=instance, round=1, epoch=1, state='moved',
            at=5.0, ended_at=8.0, deadline_at=6.0, destination='compute-02',
            destination_sure=True, reason='')  # fmt: skip
    rows = run('history', identifier, '-f', 'json').json
    assert [(row['Sort'], row['What']) for row in rows] == [
        ('event', 'first'),
        ('intent', 'power-off bmc: accepted (1.5 s)'),
        ('proof', 'proof 1: level 1 reads off'),
        ('attempt', 'evacuate vm-1 to compute-02: moved (3.0 s)'),
        ('proof', 'proof 1 is void'),
    ]
    assert rows[1]['Why'] == 'seen before: power: on'
    assert rows[0]['Time'] == '1970-01-01T00:00:01.000Z'
    assert 'evacuate vm-1 to compute-02' in run('history', identifier).out
    assert len(run('history', identifier, '--sort', 'proof', '-f', 'json').json) == 2


def test_what_a_service_looked_like_before_is_said_in_words(run: Operator) -> None:
    identifier = run.recovery()
    flags = {'updated_at': 3600.0, 'enabled': False, 'not_forced': True, 'reason': 'recovery 1'}
    unknown = {'updated_at': None, 'enabled': True, 'not_forced': False, 'reason': None}
    run.intent(identifier, 'force-down', observed=flags)
    run.intent(identifier, 'clear-force-down', observed=unknown)
    rows = run('history', identifier, '-f', 'json').json
    assert [row['Why'] for row in rows] == [
        f'seen before: last changed {moment(3600.0)}, disabled, not forced down, '
        'reason: recovery 1',
        'seen before: enabled, forced down',
    ]


def test_graph_of_a_kind_in_every_form(run: Operator) -> None:
    text = run('graph', 'host-down').out
    assert text.index('verify-down') < text.index('power-off') < text.index('evacuate')
    assert 'takes disabled; gives fence' in text
    assert (
        '"confirm-off" -> "force-down" [label="proof_id"];'
        in run('graph', 'host-down', '-f', 'dot').out
    )
    assert 'confirm-off -->|proof_id| force-down' in run('graph', 'host-down', '-f', 'mermaid').out
    assert run('graph', 'host-lost').code == 1


def test_graph_of_a_recovery_shows_where_it_is(run: Operator) -> None:
    identifier = run.recovery(state='waiting', book='b1', reason='BMC away')
    with run.store.write() as connection:
        store_book(connection, {'verify-down': 'SUCCESS', 'disable-service': 'RUNNING'})
    text = run('graph', identifier).out
    assert '✔ verify-down' in text
    assert '‖ disable-service' in text
    assert '· power-off' in text


def test_graph_as_a_picture_and_in_colours(run: Operator) -> None:
    identifier = run.recovery(state='waiting', book='b1', reason='BMC away')
    with run.store.write() as connection:
        store_book(connection, {'verify-down': 'SUCCESS', 'disable-service': 'RUNNING'})
    picture = run('graph', identifier, '-f', 'svg').out
    assert picture.startswith('<svg ')
    assert 'host-down of compute-01: waiting' in picture
    assert '>waits' in picture
    assert 'tooltip="waits"' in run('graph', identifier, '-f', 'dot').out
    assert 'class disable-service waits' in run('graph', identifier, '-f', 'mermaid').out
    assert run('graph', 'host-return', '-f', 'svg').code == 0


def store_book(connection: sa.Connection, atoms: dict[str, str], factory: str = '') -> None:
    """A logbook as TaskFlow stores it."""
    meta = {'factory': {'name': factory, 'args': [], 'kwargs': {}}} if factory else {}
    connection.exec_driver_sql("INSERT INTO logbooks (uuid, name) VALUES ('b1', 'r')")
    connection.exec_driver_sql(
        'INSERT INTO flowdetails (uuid, parent_uuid, name, meta, created_at) '
        "VALUES ('f1', 'b1', 'host-down', ?, '2031-05-17 03:10:22.000000')",
        (json.dumps(meta),),
    )
    for number, (name, state) in enumerate(atoms.items()):
        connection.exec_driver_sql(
            'INSERT INTO atomdetails (uuid, parent_uuid, name, state, intention, meta, updated_at) '
            "VALUES (?, 'f1', ?, ?, 'EXECUTE', '{}', ?)",
            (f'a{number}', name, state, f'2031-05-17 03:10:{25 + 3 * number}.500000'),
        )


def test_steps_in_our_words_with_times(run: Operator) -> None:
    began = run.store.clock.now() - 60
    notes = {'steps': {'1': {'verify-down': began, 'disable-service': began + 3.5}}}
    identifier = run.recovery(state='running', book='b1', worker='w1', claims=2, notes=notes)
    with run.store.write() as connection:
        store_book(connection, {'verify-down': 'SUCCESS', 'disable-service': 'RUNNING'})
    steps = run('show', identifier, '-f', 'json').json['steps']
    assert [(step['name'], step['state'], step['attempt']) for step in steps[:3]] == [
        ('verify-down', 'done', 1),
        ('disable-service', 'running', 2),
        ('power-off', 'to do', 1),
    ]
    assert steps[0]['seconds'] == 3.5
    assert steps[1]['seconds'] > 56
    assert '(attempt 2)' in run('show', identifier).out


def test_undone_is_never_called_reverted(run: Operator) -> None:
    identifier = run.recovery(state='undone', book='b1')
    with run.store.write() as connection:
        store_book(connection, {'verify-down': 'REVERTED', 'disable-service': 'REVERTED'})
    shown = run('show', identifier).out
    assert 'undone' in shown
    assert 'REVERT' not in shown.upper()


def test_a_book_of_a_newer_release_shows_its_steps(run: Operator) -> None:
    identifier = run.recovery(state='ready', book='b1')
    with run.store.write() as connection:
        store_book(connection, {'look': 'SUCCESS'}, factory='flows.host_down.build_v9')
    steps = run('show', identifier, '-f', 'json').json['steps']
    assert [(step['name'], step['state']) for step in steps] == [('look', 'done')]


def test_flows_are_listed_and_shown(run: Operator) -> None:
    kinds = {row['Kind']: row for row in run('flow', 'list', '-f', 'json').json}
    assert {'host-down', 'host-return'} <= set(kinds)
    assert kinds['host-down']['Phases'].startswith('verify, prepare, fence, confirm, restore')
    steps = run('flow', 'show', 'host-down', '-f', 'json').json
    assert [row['Undone'] for row in steps if row['Step'] == 'power-off'] == ['no']
    unknown = run('flow', 'show', 'host-lost')
    assert (unknown.code, 'there are: host-down' in unknown.err) == (1, True)


def test_workers_the_living_first(run: Operator) -> None:
    identifier, now = run.recovery(state='running', worker='w2', token='t'), run.store.clock.now()
    for name, seen in (('w1', now - 300), ('w2', now)):
        run.add('worker', name=name, kind='worker', host='ctl', pid=1, version='1',
                started_at=now - 900, seen_at=seen)  # fmt: skip
    rows = run('worker', 'list', '-f', 'json').json
    assert [(row['Name'], row['Alive'], row['Recoveries']) for row in rows] == [
        ('w2', True, [identifier]), ('w1', False, []),
    ]  # fmt: skip


def test_jobs_on_the_board(run: Operator) -> None:
    assert run('job', 'list', '-f', 'json').json == []


def test_a_board_that_is_away_is_5(run: Operator) -> None:
    text = run.config.read_text()
    run.config.write_text(f'{text}[board]\ndriver = redis\nurl = redis://127.0.0.1:1\n')
    assert run('job', 'list').code == 5
    run.config.write_text(f'{text}[board]\ndriver = redis\nurl = http://x\n')
    done = run('job', 'list')
    assert (done.code, 'redis://HOST:PORT' in done.err) == (2, True)
