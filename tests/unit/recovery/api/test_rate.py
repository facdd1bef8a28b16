"""Buckets: a burst, then the rate, for each caller alone; and who is many is forgotten."""

from __future__ import annotations

import pytest

from drivers.simulated.clock import VirtualClock
from recovery.api import rate, rooms
from recovery.api.rate import Rate
from recovery.operate.callers import Caller
from tests.unit.recovery.api import asking
from tests.unit.recovery.api.conftest import Make


def test_a_burst_and_then_the_rate() -> None:
    clock = VirtualClock()
    bucket = Rate(clock)
    assert [bucket.wait('a', 2.0, 3) for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.wait('b', 2.0, 3) == 0
    clock.run(0.5)
    assert bucket.wait('a', 2.0, 3) == 0
    assert bucket.wait('a', 2.0, 3) == pytest.approx(0.5)
    clock.run(1000.0)
    assert [bucket.wait('a', 2.0, 3) for _ in range(4)] == [0, 0, 0, 0.5]


def test_zero_is_no_limit() -> None:
    bucket = Rate(VirtualClock())
    assert {bucket.wait('a', 0.0, 1) for _ in range(100)} == {0}


def test_it_remembers_so_many_callers_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, 'CALLERS', 3)
    bucket = Rate(VirtualClock())
    for who in ('a', 'b', 'c', 'a', 'd'):
        bucket.wait(who, 0.001, 1)
    assert list(bucket._buckets) == ['c', 'a', 'd']


def test_the_application_says_when_to_ask_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = [
        ('GET', '/v1/toys', lambda: {}),
        ('POST', '/v1/notifications', lambda: ({}, 202)),
        ('POST', '/alarms/<source>', lambda source: {}),
    ]
    monkeypatch.setattr(rooms, 'ROOMS', (asking.room(*views),))  # type: ignore[arg-type]
    inside = asking.Inside(make(rate=0.1, burst=2, alarm_rate=0.1, alarm_burst=1))
    bob = Caller('bob', ('admin',), user='b')
    assert [inside.ask('GET', '/v1/toys').status_code for _ in range(3)] == [200, 200, 429]
    answer = inside.ask('GET', '/v1/toys')
    assert asking.said(answer) == ('overLimit', 'Too many requests: 0.1 each second.')
    assert 1 <= int(answer.headers['Retry-After']) <= 10
    assert inside.ask('GET', '/v1/toys', by=bob).status_code == 200
    # Alarms count by themselves; and a webhook's sender drops what it is told 429.
    assert inside.ask('POST', '/v1/notifications').status_code == 202
    assert inside.ask('POST', '/v1/notifications').status_code == 429
    hooks = [inside.ask('POST', '/alarms/x', by=bob) for _ in range(2)]
    assert [hook.status_code for hook in hooks] == [200, 503]
    assert 'Retry-After' in hooks[1].headers
