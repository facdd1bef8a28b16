"""The arguments of a flow, filled from options, every one of them explicit.

They are stored with the recovery: a change of an option, or of a builder's default, does not
reach a recovery that exists already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

#: By failure kind: the builder's argument, and the option that fills it. ``group.name=value``
#: stands for whether the option has that value.
FROM: Mapping[str, Mapping[str, str]] = {
    'host-down': {
        'fence_poll_seconds': 'fencing.poll_seconds',
        'fence_attempts': 'fencing.attempts',
        'fence_again_seconds': 'fencing.again_seconds',
        'confirm_seconds': 'fencing.confirm_seconds',
        'proof_seconds': 'fencing.proof_seconds',
        'watch_seconds': 'fencing.watch_seconds',
        'shared_storage': 'evacuation.instance_storage=shared',
        'rebuild_local': 'evacuation.rebuild_local',
        'priority_key': 'evacuation.priority_key',
        'at_once': 'evacuation.at_once',
        'senders': 'evacuation.senders',
        'evacuation_poll_seconds': 'evacuation.poll_seconds',
        'unsettled_seconds': 'evacuation.unsettled_seconds',
        'absent_seconds': 'evacuation.absent_seconds',
        'evacuation_attempts': 'evacuation.attempts',
        'spread': 'evacuation.spread',
        'read_seconds': 'compute.read_seconds',
        'write_seconds': 'compute.write_seconds',
    },
    'host-return': {
        'fence_again_seconds': 'fencing.again_seconds',
        'boot_seconds': 'restore.boot_seconds',
        'healthy_seconds': 'restore.healthy_seconds',
        'restore_poll_seconds': 'restore.poll_seconds',
        'read_seconds': 'compute.read_seconds',
        'write_seconds': 'compute.write_seconds',
    },
}

#: What no option but the one who asks decides.
ASKED: Mapping[str, frozenset[str]] = {
    'host-down': frozenset(),
    'host-return': frozenset({'accept_leftovers', 'rebooted'}),
}


def arguments(conf: cfg.ConfigOpts, kind: str, **asked: Any) -> dict[str, Any]:
    """The keyword arguments of the kind's builder.

    :param asked: the arguments that are no option, each of them.
    :raises KeyError: an unknown kind.
    """
    assert set(asked) == ASKED[kind], f'{kind} asks for {sorted(ASKED[kind])}'
    return {name: _value(conf, option) for name, option in FROM[kind].items()} | asked


def _value(conf: cfg.ConfigOpts, option: str) -> Any:
    path, equals, wanted = option.partition('=')
    group, _, name = path.partition('.')
    value = conf[group][name]
    return value == wanted if equals else value
