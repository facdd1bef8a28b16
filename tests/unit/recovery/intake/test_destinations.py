"""The recovery method of a segment decides where instances would go."""

from __future__ import annotations

import pytest
from oslo_config import cfg

from recovery.db import guards
from recovery.intake.plan import Plan, plan
from recovery.operate import members, segments
from recovery.site import Site


@pytest.fixture(autouse=True)
def shared(conf: cfg.ConfigOpts) -> None:
    conf.set_override('instance_storage', 'shared', 'evacuation')


def rack(site: Site, method: str, *hosts: str, reserved: tuple[str, ...] = ()) -> None:
    fields = {'name': 'r1', 'recovery_method': method, 'service_type': 'x'}
    made = segments.create(site.store, fields, by='ann').uuid
    for name in (*hosts, *reserved):
        own = {'name': name, 'type': None, 'control_attributes': None}
        members.create(site, made, own | {'reserved': name in reserved}, by='ann')


def targets(found: Plan) -> set[str | None]:
    assert found.instances
    return {one.target for one in found.instances}


def test_a_reserved_host_takes_them_in_its_order(site: Site, dead: str) -> None:
    rack(site, 'reserved_host', dead, reserved=('compute-03', 'compute-02'))
    with site.store.write() as connection:
        guards.maintain(connection, 'compute-03', True, by='ann', reason='fan', now=1.0)
    found = plan(site, dead)
    assert targets(found) == {'compute-02'}
    assert 'by reserved_host, reserved hosts in this order: compute-02' in found.warnings


def test_it_would_wait_for_one(site: Site, dead: str) -> None:
    rack(site, 'reserved_host', dead)
    found = plan(site, dead)
    assert targets(found) == {None}
    (said,) = found.warnings
    assert said.endswith('can be used: it would wait for one')


@pytest.mark.parametrize('method', ['auto', 'auto_priority'])
def test_no_other_goes_to_a_reserved_host(site: Site, dead: str, method: str) -> None:
    rack(site, method, dead, reserved=('compute-02', 'compute-03'))
    assert not targets(plan(site, dead)) & {'compute-02', 'compute-03', None}


def test_reserved_ones_first(site: Site, dead: str) -> None:
    rack(site, 'rh_priority', dead, reserved=('compute-02',))
    assert targets(plan(site, dead)) == {'compute-02'}


def test_then_the_others(site: Site, dead: str) -> None:
    rack(site, 'rh_priority', dead)
    found = plan(site, dead)
    assert None not in targets(found)
    assert any(one.endswith('it does without') for one in found.warnings)
