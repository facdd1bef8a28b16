"""What is to be decided about, with all that has been said of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recovery.db import recoveries
from recovery.intake import collect
from recovery.intake.ask import ask_of
from recovery.intake.receive import receive
from recovery.site import Site

Raise = Callable[..., Any]


def test_the_newest_alarm_of_a_recovery_is_known(site: Site, dead: str, alarm: Raise) -> None:
    first = receive(site, alarm(dead, source='one'))
    assert first.recovery is not None

    def asked() -> Any:
        row: Any
        with site.store.read() as connection:
            row = recoveries.get(connection, first.recovery or '')
        return ask_of(site, row)

    before = asked()
    assert before.joined == (1, before.arrived_at)
    site.clock.wait(None, 30)
    assert receive(site, alarm(dead, source='another')).recovery == first.recovery
    after = asked()
    assert (after.joined.number, after.arrived_at) == (2, before.arrived_at)
    assert after.joined.newest == before.arrived_at + 30
    assert collect.collect(site, after, frozenset()).joined_at == after.joined.newest
