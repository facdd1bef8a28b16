"""[policy]: when recovery must hold back rather than act."""

from oslo_config import cfg

GROUP = cfg.OptGroup('policy', title='Limits on automatic action')

OPTIONS = [
    cfg.FloatOpt(
        'down_seconds',
        default=30.0,
        min=0.0,
        help='A service that reported less than this long ago counts as alive.',
    ),
    cfg.FloatOpt(
        'settle_seconds',
        default=15.0,
        min=0.0,
        max=600.0,
        help='Seconds between an alarm and the count of failed hosts: the first alarm of a storm '
        'must not be fenced before the others arrive.',
    ),
    cfg.FloatOpt(
        'mass_share',
        default=0.3,
        min=0.0,
        max=1.0,
        help='Share of all compute services that may look failed; more are held for a human, '
        'because many hosts down together usually means the network, not the hosts.',
    ),
    cfg.IntOpt(
        'mass_count',
        default=2,
        min=1,
        help='This many failed services never count as a mass failure, whatever their share.',
    ),
    cfg.IntOpt(
        'fence_budget',
        default=5,
        min=1,
        help='Hosts that may be fenced within fence_window_seconds.',
    ),
    cfg.FloatOpt(
        'fence_window_seconds',
        default=600.0,
        min=1.0,
        help='The window of the fence budget, in seconds.',
    ),
    cfg.IntOpt(
        'attempts',
        default=3,
        min=1,
        help='Recoveries of one host within attempts_window_seconds before a human is asked.',
    ),
    cfg.FloatOpt(
        'attempts_window_seconds',
        default=86400.0,
        min=60.0,
        help='The window for attempts, in seconds.',
    ),
    cfg.FloatOpt(
        'startup_seconds',
        default=60.0,
        min=0.0,
        help='Seconds after the first start of a watcher or worker in which nothing is fenced, so '
        'that one full look at the cloud comes first.',
    ),
]
