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
]
