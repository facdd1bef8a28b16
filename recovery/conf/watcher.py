"""[watcher]: deciding again, and what is due."""

from oslo_config import cfg

GROUP = cfg.OptGroup('watcher', title='The watcher')

OPTIONS = [
    cfg.FloatOpt(
        'sweep_seconds',
        default=1.0,
        min=0.1,
        max=60.0,
        help='Seconds between two looks for held, waiting, unposted or orphaned recoveries.',
    ),
    cfg.FloatOpt(
        'again_seconds',
        default=15.0,
        min=1.0,
        max=3600.0,
        help='Seconds after which a held recovery is decided again.',
    ),
    cfg.FloatOpt(
        'expire_seconds',
        default=86400.0,
        min=60.0,
        help='Seconds after which a held recovery that nothing released expires.',
    ),
    cfg.FloatOpt(
        'life_seconds',
        default=15.0,
        min=1.0,
        max=600.0,
        help='Seconds between two looks whether a recovered host has come back.',
    ),
    cfg.FloatOpt(
        'fence_check_seconds',
        default=3600.0,
        min=0.0,
        max=604800.0,
        help='Seconds after which the devices of a healthy host are asked again whether they '
        'answer and are the ones that were enrolled. Nothing is switched. The checks are spread '
        'over this time and shared by all watchers. 0: never.',
    ),
    cfg.StrOpt(
        'poll',
        default='off',
        choices=['off', 'on'],
        help='Whether the silence of a compute service in Nova is an alarm by itself, of the '
        'source "nova": for sites without another monitor, and for senders that do not repeat '
        'what was lost on the way. What such an alarm may start is said in [sources] authority; '
        'all gates are asked as of any other. One watcher polls at a time, with one request for '
        'all hosts.',
    ),
    cfg.FloatOpt(
        'poll_seconds',
        default=15.0,
        min=1.0,
        max=600.0,
        help='Seconds between two such requests; more while Nova does not answer.',
    ),
    cfg.FloatOpt(
        'poll_down_seconds',
        default=90.0,
        min=30.0,
        max=86400.0,
        help='Seconds without a report, of a service that Nova calls down, until that is an '
        'alarm. Hosts that were never seen up, and those that are disabled or forced down, are '
        'none.',
    ),
]
