"""What an operator may set: one file per option group, registered on the caller's ConfigOpts."""

from __future__ import annotations

from types import ModuleType

from oslo_config import cfg

from recovery.conf import (
    access,
    api,
    board,
    bus,
    compute,
    database,
    evacuation,
    fencing,
    instance,
    isolation,
    life,
    metrics,
    policy,
    restore,
    sources,
    watcher,
    worker,
)
from recovery.conf.fixed import fixed

GROUPS: tuple[ModuleType, ...] = (
    access,
    api,
    board,
    bus,
    compute,
    database,
    evacuation,
    fencing,
    instance,
    isolation,
    life,
    metrics,
    policy,
    restore,
    sources,
    watcher,
    worker,
)


for _module in GROUPS:
    for _option in _module.OPTIONS:
        # oslo.config's word for it; the generated sample says it with each option.
        _option.mutable = not fixed(_module.GROUP.name, _option.name)


def register(conf: cfg.ConfigOpts) -> None:
    """Make every group known to ``conf``."""
    for module in GROUPS:
        # A group of its own for each: oslo.config copies a group but not what is set in it, so
        # that an override of one ConfigOpts would reach every other one of the process.
        conf.register_group(cfg.OptGroup(module.GROUP.name, title=module.GROUP.title))
        conf.register_opts(module.OPTIONS, group=module.GROUP.name)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    """What oslo-config-generator prints."""
    return [(module.GROUP, module.OPTIONS) for module in GROUPS]
