"""The numbers of the policy, as configured, and the refusal of numbers that need a reason."""

from __future__ import annotations

from oslo_config import cfg

from recovery.conf.reading import BadOptions
from recovery.policy import order, weakening
from recovery.policy.inputs import Limits

#: Options of [policy] that are no number of Limits by the same name.
OTHERS = frozenset({'loop_seconds', 'weakened', 'ha_key', 'every_instance'})


def limits(conf: cfg.ConfigOpts) -> Limits:
    """The numbers of the policy."""
    names = (name for name in Limits.__dataclass_fields__ if name not in OTHERS)
    return Limits(
        **{name: getattr(conf.policy, name) for name in names},
        loop_seconds=conf.restore.loop_seconds,
        ha_key=conf.instance.ha_key,
        every_instance=conf.instance.process_all_instances,
        weakened=weakening.reasons(conf.policy.weakened or ()),
    )


def refuse_unreasoned(conf: cfg.ConfigOpts) -> None:
    """Whoever weakens a gate says why.

    :raises BadOptions: something is beyond what is safe, and no reason is stated.
    """
    others = (
        *weakening.of_domains(conf.policy.domain_share, conf.policy.domain_count),
        *weakening.of_channels(conf.life.channel or ()),
    )
    found = weakening.problems(limits(conf), order.every_gate(), others)
    if found:
        raise BadOptions(f'configuration: {"; ".join(found)}')
