"""Maintenance windows, typed."""

from __future__ import annotations

import pytest

from tests.unit.recovery.cli.site import Operator

WHY = ('--yes', '--reason', 'disks')


def test_added_listed_closed(run: Operator) -> None:
    added = run('window', 'add', '--host', 'c1', '--last', '2h', *WHY)
    assert added.code == 0, added.err
    assert 'of host c1 ends at' in added.out
    (listed,) = run('window', 'list', '-f', 'json').json
    assert (listed['Scope'], listed['State'], listed['By'], listed['Reason']) == (
        'host:c1', 'open', 'bob', 'disks',
    )  # fmt: skip
    (row,) = run.rows('window')
    assert row['ends_at'] - row['begins_at'] == pytest.approx(7200.0, abs=1.0)
    verb = added.out.split('next: recovery ')[1].split()
    assert run(*verb, '--yes').code == 0
    assert run('window', 'list', '-f', 'json').json == []
    (ended,) = run('window', 'list', '--all', '-f', 'json').json
    assert ended['State'] == 'closed'
    again = run(*verb, '--yes')
    assert (again.code, 'has ended already' in again.err) == (1, True)


def test_planned_by_times(run: Operator) -> None:
    words = ('--begin', '2031-05-17T01:00:00+00:00', '--end', '2031-05-17T03:30:00+00:00')
    assert run('window', 'add', '--segment', 'rack-1', *words, *WHY).code == 0
    (row,) = run.rows('window')
    assert (row['scope'], row['ends_at'] - row['begins_at']) == ('segment:rack-1', 9000.0)
    (listed,) = run('window', 'list', '-f', 'json').json
    assert listed['State'] == 'planned'
    assert listed['Begins'] == '2031-05-17T01:00:00.000Z'


@pytest.mark.parametrize(
    ('words', 'code', 'why'),
    [
        (('--last', '2h'), 2, '--reason'),
        (WHY, 2, '--end'),
        (('--last', 'long', *WHY), 2, 'is no duration'),
        (('--end', 'tomorrow', *WHY), 2, 'is no time'),
        (('--end', '2001-01-01T00:00:00', *WHY), 1, 'ended already'),
        (('--host', ' ', '--last', '2h', *WHY), 2, '--host must name one'),
        (('--host', 'a', '--segment', 'b', '--last', '2h', *WHY), 2, 'not allowed with'),
    ],
)
def test_what_is_refused(
    run: Operator, words: tuple[str, ...], code: int, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run('window', 'add', *words)
    said = done.err + done.out + ''.join(capsys.readouterr())
    assert done.code == code
    assert why in said
    assert run.rows('window') == []


def test_one_that_there_is_not(run: Operator) -> None:
    done = run('window', 'close', 'abcd', '--yes')
    assert (done.code, 'there is no window abcd' in done.err) == (1, True)
