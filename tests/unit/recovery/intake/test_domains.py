"""Segments, zones and aggregates with a limit, all of their hosts, and what a host carries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from oslo_config import cfg

from drivers.contracts.alarms import Alarm
from drivers.contracts.compute import Aggregate, Service
from drivers.simulated.world import World
from recovery.db import hosts, segments
from recovery.intake import collect, domains, receive
from recovery.intake.ask import Ask
from recovery.policy.gates.count import DOMAINS
from recovery.policy.inputs import Segment
from recovery.site import Site


def service(host: str, zone: str) -> Service:
    return Service(host, host, True, 'up', False, None, 0.0, zone)


SERVICES = (service('c1', 'az1'), service('c2', 'az1'), service('c3', 'az2'))


def nobody_asks() -> tuple[Aggregate, ...]:
    raise AssertionError('no aggregate has a limit')


def put(site: Site, host: str, **values: Any) -> None:
    with site.store.write() as connection:
        hosts.put(connection, host, **values)


def test_the_zone_and_the_segment_of_a_host(site: Site) -> None:
    for name in ('c1', 'c3'):
        put(site, name, segment='rack-1')
    found = domains.of_host(site, 'c1', SERVICES, nobody_asks)
    assert [(one.kind, one.name, sorted(one.hosts), one.mass_share) for one in found] == [
        ('zone', 'az1', ['c1', 'c2'], 0.5),
        ('segment', 'rack-1', ['c1', 'c3'], 0.5),
    ]


def test_what_is_the_whole_cloud_needs_no_limit_of_its_own(site: Site) -> None:
    every = tuple(service(name, 'nova') for name in ('c1', 'c2'))
    assert domains.of_host(site, 'c1', every, nobody_asks) == ()


@pytest.mark.parametrize(
    ('share', 'count', 'limit'),
    [
        ({}, {}, [(0.5, None)]),
        ({'zone': 0.4}, {}, [(0.4, None)]),
        ({'zone': 0.4, 'zone/az1': 0.9}, {}, [(0.9, None)]),
        ({'zone/az2': 0.9}, {}, [(0.5, None)]),
        ({}, {'zone': 3}, [(0.5, 3)]),
        ({'zone': 0.4}, {'zone/az1': 1}, [(0.4, 1)]),
    ],
)
def test_limits_by_kind_and_by_name(
    site: Site,
    conf: cfg.ConfigOpts,
    share: dict[str, float],
    count: dict[str, int],
    limit: list[tuple[float | None, int | None]],
) -> None:
    conf.set_override('domain_share', share, 'policy')
    conf.set_override('domain_count', count, 'policy')
    found = domains.of_host(site, 'c1', SERVICES, nobody_asks)
    assert [(one.mass_share, one.mass_count) for one in found] == limit


AGGREGATES = (
    Aggregate('az1', frozenset({'c1', 'c2'})),
    Aggregate('empty', frozenset()),
    Aggregate('gpu', frozenset({'c1', 'c3', 'gone'})),
    Aggregate('graphics', frozenset({'c1', 'c3'})),
    Aggregate('ssd', frozenset({'c2', 'c3'})),
    Aggregate('whole', frozenset({'c1', 'c2', 'c3'})),
)


@pytest.mark.parametrize(
    ('share', 'count', 'found'),
    [
        ({'zone': 0.5, 'aggregate': 0.3}, {}, [('zone', 'az1'), ('aggregate', 'gpu')]),
        ({'aggregate': 0.3}, {}, [('zone', 'az1'), ('aggregate', 'gpu')]),
        (
            {'zone': 0.5, 'aggregate/az1': 0.2},
            {},
            [('zone', 'az1'), ('aggregate', 'az1')],
        ),
        ({}, {'aggregate/graphics': 1}, [('zone', 'az1'), ('aggregate', 'graphics')]),
        ({'aggregate/ssd': 0.3}, {}, [('zone', 'az1')]),
    ],
)
def test_the_aggregates_of_a_host_and_no_hosts_twice(
    site: Site,
    conf: cfg.ConfigOpts,
    share: dict[str, float],
    count: dict[str, int],
    found: list[tuple[str, str]],
) -> None:
    conf.set_override('domain_share', share, 'policy')
    conf.set_override('domain_count', count, 'policy')
    said = domains.of_host(site, 'c1', SERVICES, lambda: AGGREGATES)
    assert [(one.kind, one.name) for one in said] == found
    assert 'gone' not in {host for one in said for host in one.hosts}


def test_carriers(site: Site) -> None:
    put(site, 'c1', carries=['database', 'bus'])
    put(site, 'c2', carries=['database'])
    with site.store.read() as connection:
        assert domains.carriers(connection, 'c1') == {
            'database': frozenset({'c1', 'c2'}),
            'bus': frozenset({'c1'}),
        }
        assert domains.carriers(connection, 'c9') == {}


@pytest.mark.parametrize(('limits', 'answer'), [({}, 'admit'), ({'aggregate': 0.5}, 'hold')])
def test_aggregates_that_cannot_be_asked_hold_where_one_has_a_limit(
    site: Site, conf: cfg.ConfigOpts, world: World, limits: dict[str, float], answer: str
) -> None:
    conf.set_override('domain_share', limits, 'policy')
    world.faults.add('nova.aggregates', 'error', 403)
    inputs = collect.collect(site, Ask('host-down', 'compute-01'), DOMAINS.needs)
    said = DOMAINS.decide(inputs)
    assert said.word == answer
    assert ('cannot ask what fails together' in said.reason) == bool(limits)
    assert any(one.kind == 'nova.aggregates' for one in world.faults.requests) == bool(limits)


def test_the_segment_of_a_host_is_enabled_or_not(
    site: Site, alarm: Callable[..., Alarm], dead: str
) -> None:
    with site.store.write() as connection:
        assert domains.segment_of(connection, dead) is None
        hosts.put(connection, dead, segment='r1')
        assert domains.segment_of(connection, dead) is None, 'a label alone describes nothing'
        one = segments.add(
            connection, 'u', 1.0,
            name='r1', recovery_method='auto', service_type='x', enabled=False,
        )  # fmt: skip
        assert domains.segment_of(connection, dead) == Segment('r1', enabled=False)
    outcome = receive(site, alarm())
    assert (outcome.answer, outcome.gate) == ('ignore', 'segment-enabled')
    with site.store.write() as connection:
        segments.change(connection, one, 2.0, enabled=True)
    assert receive(site, alarm()).answer == 'admit'
