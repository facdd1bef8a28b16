"""Reserved hosts: who may be taken, by whom, and that one recovery has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from flows.evacuation.spare_calls import SpareCalls, Tools
from flows.records import ENABLE_SPARE, KEPT, TAKEN
from recovery.claims.claim import Claim
from recovery.claims.ledger import Ledger
from recovery.claims.spares import ClaimedSpares
from recovery.db import (
    guards,
    hosts,
    intents,
    members,
    scopes,
    segments,
    spares,
    states,
    tables,
    windows,
)
from tests.unit.recovery.claims.scene import HOST, Scene

ONE, OTHER = 'compute-08', 'compute-09'


def register(here: Scene, *names: str, method: str = 'reserved_host') -> segments.Segment:
    """A segment with the host that fails, and these as reserved hosts."""
    with here.store.write() as connection:
        made = segments.add(
            connection, 's' * 36, 1.0, name='racks', recovery_method=method, service_type='COMPUTE'
        )
        members.add(connection, made, HOST.ljust(36, '-'), HOST, 1.0)
        for name in names:
            members.add(connection, made, name.ljust(36, '-'), name, 1.0, reserved=True)
    return made


def ask(here: Scene, question: Callable[[sa.Connection], Any]) -> Any:
    with here.store.write() as connection:
        return question(connection)


def take(here: Scene, claim: Claim, host: str = ONE) -> str:
    return str(claim.transact(lambda connection: spares.take(connection, claim, host)))


def reserved(here: Scene) -> list[str]:
    return [row['name'] for row in here.rows(tables.member) if row['reserved']]


def test_they_come_in_the_order_of_their_registration(here: Scene) -> None:
    register(here, OTHER, ONE)
    with here.store.read() as connection:
        assert spares.reserved_for(connection, HOST) == (OTHER, ONE)
        assert spares.reserved_for(connection, 'compute-77') == ()


def test_the_method_is_that_of_the_membership_or_else_of_the_label(here: Scene) -> None:
    register(here, ONE, method='rh_priority')
    with here.store.write() as connection:
        assert spares.method_of(connection, HOST) == 'rh_priority'
        assert spares.method_of(connection, 'compute-77') is None
        hosts.put(connection, 'compute-77', segment='racks')
        assert spares.method_of(connection, 'compute-77') == 'rh_priority'
        hosts.put(connection, 'compute-77', segment='no such one')
        assert spares.method_of(connection, 'compute-77') is None


def test_one_recovery_has_it(here: Scene) -> None:
    register(here, ONE)
    first, second = here.claimed(), here.claimed('compute-03')
    assert take(here, first) == ''
    assert reserved(here) == []
    assert first.recovery_id[:8] in take(here, second)
    mine = ask(here, lambda connection: spares.of_recovery(connection, first.recovery_id))
    assert [(one.host, one.state, one.aggregates) for one in mine] == [(ONE, TAKEN, ())]
    assert ask(here, lambda connection: spares.in_hand(connection, first.recovery_id))
    others = spares.kept_from_others
    assert ask(here, lambda connection: others(connection, second.recovery_id)) == {ONE}
    assert ask(here, lambda connection: others(connection, first.recovery_id)) == frozenset()


def test_the_second_of_two_at_the_same_moment_gets_none(
    here: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(here, ONE)
    first, second = here.claimed(), here.claimed('compute-03')
    take(here, first)
    monkeypatch.setattr(spares, 'unfit', lambda *_: '')  # it looked before the first one wrote
    assert take(here, second) == 'it is not reserved any more'
    ask(here, lambda connection: members.reserve(connection, ONE, True, 2.0))
    assert take(here, second) == 'another recovery took it at this very moment'
    assert reserved(here) == [ONE], 'what was not taken keeps its flag'


def test_what_is_not_reserved_is_not_taken(here: Scene) -> None:
    register(here)
    assert take(here, here.claimed()) == 'it is not reserved any more'
    assert here.rows(tables.spare) == []


def test_given_back_it_is_reserved_again_if_it_was_proven_empty(here: Scene) -> None:
    register(here, ONE, OTHER)
    claim = here.claimed()
    held = ClaimedSpares(claim)
    for host in (ONE, OTHER):
        assert held.take(host) == ''
    held.give_back(ONE, reserved=True)
    held.give_back(OTHER, reserved=False)
    assert reserved(here) == [ONE]
    assert here.rows(tables.spare) == []


def test_kept_it_may_be_reserved_and_taken_again(here: Scene) -> None:
    register(here, ONE)
    first, second = here.claimed(), here.claimed('compute-03')
    take(here, first)
    first.transact(lambda connection: spares.keep(connection, first, ONE))
    assert here.rows(tables.spare)[0]['state'] == KEPT
    assert not ask(here, lambda connection: spares.in_hand(connection, first.recovery_id))
    assert take(here, second) == 'it is not reserved any more'
    ask(here, lambda connection: members.reserve(connection, ONE, True, 2.0))
    assert take(here, second) == ''
    assert here.rows(tables.spare)[0]['recovery'] == second.recovery_id


def test_a_recovery_that_has_ended_holds_nothing(here: Scene) -> None:
    register(here, ONE)
    first, second = here.claimed(), here.claimed('compute-03')
    take(here, first)
    first.release(states.CANCELLED)
    ask(here, lambda connection: members.reserve(connection, ONE, True, 2.0))
    assert take(here, second) == ''


def _maintained(connection: sa.Connection, here: Scene) -> None:
    guards.maintain(connection, ONE, True, by='ann', reason='new fans', now=1.0)


def _in_a_window(connection: sa.Connection, here: Scene) -> None:
    now = here.clock.now()
    one = windows.Window('w' * 36, scopes.host(ONE), now - 1, now + 9, 'ann', 'new fans', now)
    windows.add(connection, one)


def _paused(connection: sa.Connection, here: Scene) -> None:
    guards.pause(connection, by='ann', reason='x', now=1.0, scope=scopes.host(ONE))


def _failed(connection: sa.Connection, here: Scene) -> None:
    hosts.put(connection, ONE, failed_by='f' * 36)


@pytest.mark.parametrize(
    ('why', 'befalls'),
    [
        ('maintenance: new fans', _maintained),
        ('maintenance window', _in_a_window),
        ('paused by ann', _paused),
        ('marked it failed', _failed),
        ('under recovery', lambda connection, here: None),
    ],
)
def test_who_is_no_spare(
    here: Scene, why: str, befalls: Callable[[sa.Connection, Scene], None]
) -> None:
    register(here, ONE)
    claim = here.claimed()
    ask(here, lambda connection: befalls(connection, here))
    if why == 'under recovery':
        here.recovery(ONE)
    assert why in take(here, claim)
    assert reserved(here) == [ONE]


def test_what_nobody_looked_at_stays_in_service_when_its_recovery_ends(here: Scene) -> None:
    register(here, ONE, OTHER)
    claim, other = here.claimed(), here.claimed('compute-03')
    take(here, claim)
    take(here, other, OTHER)
    assert ask(here, lambda connection: spares.leave(connection, claim.recovery_id)) == (ONE,)
    assert {row['host']: row['state'] for row in here.rows(tables.spare)} == {
        ONE: KEPT,
        OTHER: TAKEN,
    }
    assert ask(here, lambda connection: spares.leave(connection, claim.recovery_id)) == ()


def test_what_was_done_since_it_was_taken_is_told_by_order_and_not_by_clocks(here: Scene) -> None:
    register(here, ONE)
    claim = here.claimed()

    def intend() -> None:
        claim.transact(lambda connection: intents.add(connection, claim, ENABLE_SPARE, ONE, {}))

    ledger, held = Ledger(claim), ClaimedSpares(claim)
    intend()
    take(here, claim)
    (spare,) = held.mine()
    ahead = replace(spare, at=spare.at + 3600.0)  # the clock of who took it was an hour ahead
    parts: Any = (claim, ledger, held, None, here.clock, 5.0, 5.0)
    calls = SpareCalls(Tools(*parts))
    assert calls._changes(ahead) == []
    intend()
    assert [one.id for one in calls._changes(ahead)] == [ledger.intents()[-1].id]
