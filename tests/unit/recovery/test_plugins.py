"""What plugs in is found by name, and a site contacts nobody before it is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from oslo_config import cfg

from drivers.clock import SystemClock
from drivers.contracts.errors import Refused
from drivers.contracts.inventory import InventoryError
from recovery import conf as options
from recovery import plugins


@pytest.fixture
def conf(tmp_path: Path) -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    options.register(conf)
    conf([])
    conf.set_override('connection', f'sqlite:///{tmp_path / "r.sqlite"}', 'database')
    conf.set_override('inventory', str(tmp_path / 'none.yaml'), 'fencing')
    return conf


def test_what_is_installed_is_found() -> None:
    assert {'ipmi', 'redfish'} <= set(plugins.fencing_drivers())
    assert plugins.flow_builder('host-down').__module__ == 'flows.host_down'


def test_what_is_not_installed_is_named_with_what_is() -> None:
    with pytest.raises(LookupError, match=r"no usable 'nowa'; installed: nova"):
        plugins.load(plugins.COMPUTE, 'nowa')


def test_an_open_site_has_asked_nobody(conf: cfg.ConfigOpts, tmp_path: Path) -> None:
    site = plugins.open_site(conf, kind='worker')
    assert not (tmp_path / 'r.sqlite').exists()
    assert site.identity.kind == 'worker'
    site.store.close()


def test_an_unusable_inventory_is_tried_again(conf: cfg.ConfigOpts, tmp_path: Path) -> None:
    site = plugins.open_site(conf)
    with pytest.raises(InventoryError, match=r'none\.yaml'):
        _ = site.inventory
    (tmp_path / 'none.yaml').write_text('hosts: {}\n')
    assert site.inventory is site.inventory
    site.store.close()


def test_an_unknown_compute_driver_is_refused(conf: cfg.ConfigOpts) -> None:
    conf.set_override('driver', 'nowa', 'compute')
    with pytest.raises(Refused, match=r'\[compute\] driver'):
        plugins.open_compute(conf, SystemClock())


def test_each_start_is_another_process(conf: cfg.ConfigOpts) -> None:
    conf.set_override('own_host', 'compute-07', 'worker')
    first, second = (plugins.identify(conf, 'worker', SystemClock()) for _ in range(2))
    assert first.name != second.name
    assert first.host == 'compute-07'


def test_options_of_one_site_do_not_reach_another(conf: cfg.ConfigOpts) -> None:
    other = cfg.ConfigOpts()
    options.register(other)
    other([])
    conf.set_override('attempts', 9, 'policy')
    assert other.policy.attempts != 9
