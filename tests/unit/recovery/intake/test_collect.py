"""What is gathered of scopes, windows and sources, for one host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from drivers.contracts.alarms import Alarm
from recovery.db import guards, hosts, recoveries, windows
from recovery.db.windows import Window
from recovery.intake import collect
from recovery.intake.ask import Ask, ask_of
from recovery.intake.receive import receive
from recovery.policy.inputs import Inputs
from recovery.site import Site

HOST = 'compute-01'
Raise = Callable[..., Alarm]


@pytest.fixture(autouse=True)
def _segments(site: Site) -> None:
    with site.store.write() as connection:
        hosts.put(connection, HOST, segment='rack-1')
        hosts.put(connection, 'compute-02', segment='rack-2')


def inputs(site: Site, alarm: Alarm | None = None, *needs: str, host: str = HOST) -> Inputs:
    ask = Ask('host-down', host, alarm, site.clock.now())
    return collect.collect(site, ask, frozenset(needs))


def test_switches_of_its_scopes(site: Site) -> None:
    now = site.clock.now()
    with site.store.write() as connection:
        guards.pause(connection, by='ann', reason='a', now=now, scope='segment:rack-1')
        guards.disarm(connection, by='bob', reason='b', now=now, scope=f'host:{HOST}')
    mine, other = inputs(site), inputs(site, host='compute-02')
    assert mine.paused is not None
    assert mine.disarmed is not None
    assert (mine.paused.scope, mine.paused.by) == ('segment:rack-1', 'ann')
    assert (mine.disarmed.scope, mine.disarmed.by) == (f'host:{HOST}', 'bob')
    assert (other.paused, other.disarmed) == (None, None)


def test_windows_that_cover_it_now(site: Site) -> None:
    now = site.clock.now()
    with site.store.write() as connection:
        for number, (scope, begins, ends) in enumerate(
            [
                ('cloud', now - 10, now + 50),
                ('segment:rack-1', now + 5, now + 100),
                ('host:compute-02', now - 10, now + 50),
            ]
        ):
            identifier = str(number) * 36
            windows.add(
                connection, Window(identifier, scope, begins, ends, 'ann', 'power work', now)
            )
    (found,) = inputs(site).windows
    assert (found.scope, found.ends_at, found.by, found.reason) == (
        'cloud', now + 50, 'ann', 'power work',
    )  # fmt: skip
    site.clock.wait(None, 6.0)
    assert [one.scope for one in inputs(site).windows] == ['segment:rack-1', 'cloud']
    site.clock.wait(None, 100.0)
    assert inputs(site).windows == ()


def test_a_window_that_begins_after_the_inputs_were_gathered_is_seen_at_the_line(
    site: Site,
) -> None:
    gathered = inputs(site)
    now = site.clock.now()
    with site.store.write() as connection:
        windows.add(connection, Window('w' * 36, 'cloud', now, now + 9, 'ann', 'now', now))
        fresh = collect.counted(connection, gathered.limits, now, HOST)
    assert gathered.windows == ()
    assert [one.id for one in replace(gathered, **fresh).windows] == ['w' * 36]


def rules(site: Site, *lines: str, default: str = 'start') -> None:
    site.conf.set_override('authority', list(lines), 'sources')
    site.conf.set_override('default', default, 'sources')


def test_authority_by_source_and_segment(site: Site, alarm: Raise) -> None:
    rules(site, 'test start segments=rack-1', default='approve')
    assert inputs(site, alarm()).authority == 'start'
    assert inputs(site, alarm(), host='compute-02').authority == 'evidence'
    assert inputs(site, alarm(source='other')).authority == 'approve'


def test_a_human_who_asks_needs_no_source(site: Site) -> None:
    rules(site, default='evidence')
    assert inputs(site).authority == 'start'


def test_another_source_that_says_so_too_raises_it(site: Site, dead: str, alarm: Raise) -> None:
    rules(site, 'weak approve', 'strong start')
    site.conf.set_override('expire_seconds', 900.0, 'watcher')
    with site.store.write() as connection:
        guards.disarm(connection, by='ann', reason='look', now=site.clock.now())
    first = receive(site, alarm(dead, source='weak'))
    assert first.recovery is not None

    def now() -> str:
        row: Any
        with site.store.read() as connection:
            row = recoveries.get(connection, first.recovery or '')
        return collect.collect(site, ask_of(site, row), frozenset()).authority

    assert now() == 'approve'
    assert receive(site, alarm(dead, source='strong')).recovery == first.recovery
    assert now() == 'start'


def test_nobody_outside_is_asked_without_need(site: Site) -> None:
    site.conf.set_override('witnesses', ['sim://a'], 'isolation')
    site.conf.set_override('channel', ['hold sim:a of {host}'], 'life')
    assert inputs(site).surroundings is None
    assert inputs(site).signs == ()
    asked = inputs(site, None, 'surroundings', 'signs')
    assert asked.surroundings is not None
    assert len(asked.signs) == 1  # type: ignore[arg-type]
