"""Segments and zones with a limit, all of their hosts, and what a host carries."""

from __future__ import annotations

from typing import Any

import pytest
from oslo_config import cfg

from drivers.contracts.compute import Service
from recovery.db import hosts
from recovery.intake import domains
from recovery.site import Site


def service(host: str, zone: str) -> Service:
    return Service(host, host, True, 'up', False, None, 0.0, zone)


SERVICES = (service('c1', 'az1'), service('c2', 'az1'), service('c3', 'az2'))


def put(site: Site, host: str, **values: Any) -> None:
    with site.store.write() as connection:
        hosts.put(connection, host, **values)


def test_the_zone_and_the_segment_of_a_host(site: Site) -> None:
    for name in ('c1', 'c3'):
        put(site, name, segment='rack-1')
    found = domains.of_host(site, 'c1', SERVICES)
    assert [(one.kind, one.name, sorted(one.hosts), one.mass_share) for one in found] == [
        ('zone', 'az1', ['c1', 'c2'], 0.5),
        ('segment', 'rack-1', ['c1', 'c3'], 0.5),
    ]


def test_what_is_the_whole_cloud_needs_no_limit_of_its_own(site: Site) -> None:
    every = tuple(service(name, 'nova') for name in ('c1', 'c2'))
    assert domains.of_host(site, 'c1', every) == ()


@pytest.mark.parametrize(
    ('share', 'count', 'limit'),
    [
        ({}, {}, []),
        ({'zone': 0.4}, {}, [(0.4, None)]),
        ({'zone': 0.4, 'zone/az1': 0.9}, {}, [(0.9, None)]),
        ({'zone/az2': 0.9}, {}, []),
        ({}, {'zone': 3}, [(None, 3)]),
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
    found = domains.of_host(site, 'c1', SERVICES)
    assert [(one.mass_share, one.mass_count) for one in found] == limit


def test_carriers(site: Site) -> None:
    put(site, 'c1', carries=['database', 'bus'])
    put(site, 'c2', carries=['database'])
    with site.store.read() as connection:
        assert domains.carriers(connection, 'c1') == {
            'database': frozenset({'c1', 'c2'}),
            'bus': frozenset({'c1'}),
        }
        assert domains.carriers(connection, 'c9') == {}
