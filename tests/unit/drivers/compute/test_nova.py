"""What is asked, and how often."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from drivers.contracts.errors import Refused

SECONDS = 10.0


def dead_host(site: Any) -> tuple[Any, str, str]:
    """A driver, a host that was forced down, and an instance of it."""
    driver = site.driver()
    host = next(iter(site.world.hosts))
    which = next(one for one in site.world.instances.values() if one.host == host).id
    site.world.lose_power(host)
    service = site.world.hosts[host].service_id
    driver.set_service(service, enabled=False, forced_down=True, timeout=SECONDS)
    return driver, host, which


@pytest.mark.parametrize(
    ('highest', 'keep_stopped', 'sent'),
    [
        ((2, 104), False, '2.94'),
        ((2, 104), True, '2.95'),
        ((2, 95), True, '2.95'),
        ((2, 90), False, '2.90'),
        ((2, 65), False, '2.65'),
    ],
)
def test_each_evacuation_has_its_microversion(
    make_site: Callable[..., Any], highest: tuple[int, int], keep_stopped: bool, sent: str
) -> None:
    site = make_site(instances=3)
    site.app.nova.highest = highest
    driver, _, which = dead_host(site)
    driver.evacuate(which, target='compute-02', keep_stopped=keep_stopped, timeout=SECONDS)
    assert site.microversions('/action') == [f'compute {sent}']
    assert json.loads(site.sent[-1].body) == {'evacuate': {'host': 'compute-02'}}


def test_nothing_is_left_stopped_by_a_nova_that_cannot(make_site: Callable[..., Any]) -> None:
    site = make_site(instances=3)
    site.app.nova.highest = (2, 90)
    driver, _, which = dead_host(site)
    with pytest.raises(Refused, match=r'needs 2\.95'):
        driver.evacuate(which, target=None, keep_stopped=True, timeout=SECONDS)
    assert 'below 2.95' in driver.check_access(timeout=SECONDS)


def test_properties_of_images_are_unknown_to_a_nova_that_does_not_show_them(
    make_site: Callable[..., Any],
) -> None:
    site = make_site(instances=3)
    site.app.nova.highest = (2, 97)
    driver, host, _ = dead_host(site)
    assert driver.image_properties(host=host, timeout=SECONDS) is None
    assert 'below 2.98' in driver.check_access(timeout=SECONDS)


def test_recent_records_take_one_request(make_site: Callable[..., Any]) -> None:
    site = make_site(instances=3)
    driver, host, which = dead_host(site)
    driver.evacuate(which, target=None, keep_stopped=False, timeout=SECONDS)
    found = driver.migrations(host=host, since=site.world.wall() - 5, timeout=SECONDS)
    assert [one.instance for one in found] == [which]
    assert len(site.asked('os-migrations')) == 1


def test_recent_records_include_old_ones_that_changed(make_site: Callable[..., Any]) -> None:
    site = make_site(instances=3, page_limit=2)
    instance = next(iter(site.world.instances.values()))
    records = [
        site.world.add_migration(instance, 'migration', 'accepted', destination='compute-02')
        for _ in range(6)
    ]
    for age, record in zip((900, 800, 700, 600, 0, 0), records, strict=True):
        record.created -= age
    site.world.set_status(records[0], 'done')
    site.world.set_status(records[1], 'done')
    records[1].updated -= 500
    driver = site.driver()
    found = driver.migrations(since=site.world.wall() - 60, timeout=SECONDS)
    assert [one.id for one in found] == [6, 5, 1]
    assert len(driver.migrations(timeout=SECONDS)) == 6


def test_capacity_takes_two_requests(make_site: Callable[..., Any]) -> None:
    site = make_site()
    driver = site.driver()
    driver.capacities(timeout=SECONDS)
    before = len(site.sent)
    assert len(driver.capacities(timeout=SECONDS)) == 3
    assert len(site.sent) == before + 2
