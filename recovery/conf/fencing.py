"""[fencing]: cutting the power, and proving it."""

from oslo_config import cfg

GROUP = cfg.OptGroup('fencing', title='Fencing')

OPTIONS = [
    cfg.StrOpt(
        'inventory',
        default='/etc/recovery/fencing.yaml',
        help='The file that says which devices fence which host.',
    ),
    cfg.BoolOpt(
        'allow_noop',
        default=False,
        help='Accept devices that only pretend to cut the power: the driver noop and the agent '
        'fence_dummy. For labs without anything to lose: instances are evacuated from hosts that '
        'still run, and their disks are written twice.',
    ),
    cfg.FloatOpt(
        'poll_seconds',
        default=0.5,
        min=0.1,
        max=10.0,
        help='Seconds between two readings of a device that was asked to cut the power.',
    ),
    cfg.FloatOpt(
        'confirm_seconds',
        default=2.0,
        min=2.0,
        max=60.0,
        help='Seconds between the two OFF readings that make a proof.',
    ),
    cfg.FloatOpt(
        'proof_seconds',
        default=15.0,
        min=3.0,
        max=120.0,
        help='Age at which the newest OFF reading no longer permits an evacuation.',
    ),
    cfg.FloatOpt(
        'watch_seconds',
        default=5.0,
        min=0.5,
        max=10.0,
        help='Seconds between two readings of each device while instances are evacuated.',
    ),
    cfg.FloatOpt(
        'again_seconds',
        default=30.0,
        min=1.0,
        help='Seconds until fencing is tried again after every level failed; doubles up to ten '
        'times this value.',
    ),
    cfg.IntOpt(
        'attempts',
        default=5,
        min=1,
        help='How often all levels are tried in one round before only a human moves the recovery. '
        'Tries in which no device could be reached do not count.',
    ),
    cfg.FloatOpt(
        'confirmation_seconds',
        default=300.0,
        min=10.0,
        max=3600.0,
        help="Seconds within which a human's confirm-fenced must be used; then it holds until the "
        'recovery ends.',
    ),
]
