"""Intents: recorded before the act, ended by their own writer, and what they say about marks."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from recovery.db import intents
from recovery.db.tables import intent as table
from tests.unit.recovery.claims.scene import HOST, Scene

SETTERS, CLEARERS = frozenset({'force-down'}), frozenset({'clear-force-down'})


def test_an_intent_says_who_and_what_was_seen(here: Scene) -> None:
    claim = here.claimed()
    with here.store.write() as connection:
        number = intents.add(connection, claim, 'power-off', 'bmc', {'state': 'on'})
        (found,) = intents.of_recovery(connection, claim.recovery_id)
    assert (found.id, found.action, found.target) == (number, 'power-off', 'bmc')
    assert (found.observed, found.round, found.outcome) == ({'state': 'on'}, 1, None)
    assert found.at == here.clock.now()


def test_an_end_is_of_one_intent(here: Scene) -> None:
    claim = here.claimed()
    with here.store.write() as connection:
        first = intents.add(connection, claim, 'power-off', 'a', {})
        intents.add(connection, claim, 'power-off', 'b', {})
        intents.end(connection, claim, first, 'x' * 3000)
        ended = [one.outcome for one in intents.of_recovery(connection, claim.recovery_id)]
    assert ended == ['x' * 2000, None]


def test_they_are_of_one_recovery_oldest_first(here: Scene) -> None:
    claim, other = here.claimed(), here.claimed('compute-02')
    with here.store.write() as connection:
        for action in ('disable-service', 'power-off', 'force-down'):
            intents.add(connection, claim, action, HOST, {})
        intents.add(connection, other, 'power-off', 'x', {})
        found = intents.of_recovery(connection, claim.recovery_id)
        fenced = intents.of_recovery(connection, claim.recovery_id, 'power-off')
    assert [one.action for one in found] == ['disable-service', 'power-off', 'force-down']
    assert [one.target for one in fenced] == [HOST]


def test_only_a_power_off_crosses_the_line(here: Scene) -> None:
    claim, other = here.claimed(), here.claimed('compute-02')
    with here.store.write() as connection:
        intents.add(connection, claim, 'disable-service', HOST, {})
        intents.add(connection, other, 'power-off', 'x', {})
        assert not intents.crossed_line(connection, claim.recovery_id)
        intents.add(connection, claim, 'power-off', 'bmc', {})
        assert intents.crossed_line(connection, claim.recovery_id)  # before it was sent


CLEAR, SET = {'not_forced': True}, {'not_forced': False}


@pytest.mark.parametrize(
    ('story', 'ours'),
    [
        ([], False),
        ([('force-down', CLEAR, 'accepted')], True),
        ([('force-down', CLEAR, None)], True),
        ([('force-down', CLEAR, 'failed: Unreachable: timed out')], True),
        ([('force-down', CLEAR, 'refused: Refused: 400')], False),
        ([('force-down', CLEAR, 'refused: AccessDenied: 403')], False),
        ([('force-down', SET, 'accepted')], False),
        ([('force-down', CLEAR, None), ('force-down', SET, 'accepted')], True),
        ([('force-down', CLEAR, 'accepted'), ('clear-force-down', SET, 'accepted')], False),
        ([('force-down', CLEAR, 'accepted'), ('clear-force-down', SET, None)], True),
        ([('force-down', CLEAR, 'accepted'), ('clear-force-down', SET, 'failed: x')], True),
        ([('force-down', CLEAR, 'accepted'), ('clear-force-down', SET, 'refused: x')], True),
        (
            [
                ('force-down', CLEAR, 'accepted'),
                ('clear-force-down', SET, 'accepted'),
                ('force-down', SET, 'accepted'),
            ],
            False,
        ),
        ([('disable-service', CLEAR, 'accepted')], False),
    ],
)
def test_whose_mark_it_is(
    here: Scene, story: list[tuple[str, dict[str, bool], str | None]], ours: bool
) -> None:
    claim = here.claimed()
    with here.store.write() as connection:
        for action, observed, outcome in story:
            number = intents.add(connection, claim, action, HOST, observed)
            if outcome is not None:
                intents.end(connection, claim, number, outcome)
        found = intents.owned(
            connection, HOST, setters=SETTERS, clearers=CLEARERS, was_clear='not_forced'
        )
        assert found is ours
        assert not intents.owned(
            connection, 'compute-02', setters=SETTERS, clearers=CLEARERS, was_clear='not_forced'
        )
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == len(
            story
        )
