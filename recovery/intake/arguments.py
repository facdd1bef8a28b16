"""The arguments of a flow, filled from options, every one of them explicit.

They are stored with the recovery: a change of an option, or of a builder's default, does not
reach a recovery that exists already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from flows.evacuation.choice import Choice
from flows.tasks.spares import AUTO

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
        'ha_key': 'evacuation.ha_key',
        'ha_mode': 'evacuation.ha_mode',
        'leave_in_error': 'evacuation.leave_in_error',
        'exclude': 'evacuation.exclude',
        'priority_key': 'evacuation.priority_key',
        'at_once': 'evacuation.at_once',
        'senders': 'evacuation.senders',
        'evacuation_poll_seconds': 'evacuation.poll_seconds',
        'unsettled_seconds': 'evacuation.unsettled_seconds',
        'absent_seconds': 'evacuation.absent_seconds',
        'evacuation_attempts': 'evacuation.attempts',
        'spread': 'evacuation.spread',
        'spare_aggregates': 'evacuation.spare_aggregates',
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
    'instance-down': {
        'look_seconds': 'instance.look_seconds',
        'busy_seconds': 'instance.busy_seconds',
        'stop_seconds': 'instance.stop_seconds',
        'start_seconds': 'instance.start_seconds',
        'instance_poll_seconds': 'instance.poll_seconds',
        'read_seconds': 'compute.read_seconds',
        'write_seconds': 'compute.write_seconds',
    },
    'service-down': {
        'reopen': 'restore.service_policy=when-back',
        'healthy_seconds': 'restore.healthy_seconds',
        'restore_poll_seconds': 'restore.poll_seconds',
        'read_seconds': 'compute.read_seconds',
        'write_seconds': 'compute.write_seconds',
    },
}

#: What no option but the one who asks decides.
ASKED: Mapping[str, frozenset[str]] = {
    'host-down': frozenset({'method'}),
    'host-return': frozenset({'accept_leftovers', 'rebooted'}),
    'instance-down': frozenset({'hung'}),
    'service-down': frozenset(),
}

#: What monitors call a guest that runs and does not work: running is no health then.
HUNG = frozenset({'hung', 'QEMU_GUEST_AGENT_ERROR', 'IO_ERROR', 'WATCHDOG'})


def said(
    kind: str, evidence: Mapping[str, Any] | None, method: str | None = None
) -> dict[str, Any]:
    """What the evidence of an alarm answers of what no option decides, and the segment of its host.

    Masakari's monitors name the event; anybody else may say ``{"event": "hung"}``.

    :param method: the recovery method of that segment; None: the host is in none.
    """
    given: dict[str, Any] = dict.fromkeys(ASKED[kind], False)
    if 'method' in given:
        given['method'] = method or AUTO
    if 'hung' in given:
        given['hung'] = str((evidence or {}).get('event')) in HUNG
    return given


def arguments(conf: cfg.ConfigOpts, kind: str, **asked: Any) -> dict[str, Any]:
    """The keyword arguments of the kind's builder.

    :param asked: the arguments that are no option, each of them.
    :raises KeyError: an unknown kind.
    """
    assert set(asked) == ASKED[kind], f'{kind} asks for {sorted(ASKED[kind])}'
    return {name: _value(conf, option) for name, option in FROM[kind].items()} | asked


def choice_of(conf: cfg.ConfigOpts) -> Choice:
    """The rules that say which instances are evacuated, and which of them first."""
    names = ('ha_key', 'ha_mode', 'leave_in_error', 'exclude', 'priority_key')
    return Choice(**{name: _value(conf, f'evacuation.{name}') for name in names})


def _value(conf: cfg.ConfigOpts, option: str) -> Any:
    path, equals, wanted = option.partition('=')
    group, _, name = path.partition('.')
    value = conf[group][name]
    if isinstance(value, list):  # a builder takes no lists
        value = '\n'.join(value)
    return value == wanted if equals else value
