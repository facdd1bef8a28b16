"""[worker]: how recoveries are claimed and run."""

from oslo_config import cfg

GROUP = cfg.OptGroup('worker', title='Workers')

OPTIONS = [
    cfg.FloatOpt(
        'lease_seconds',
        default=30.0,
        min=3.0,
        max=600.0,
        help='Seconds without a sign from its owner after which a recovery may be taken over. '
        'Shorter resumes sooner after a crash; it must leave room for the longest single call '
        'to Nova or to a BMC.',
    ),
    cfg.IntOpt(
        'recoveries',
        default=8,
        min=1,
        max=200,
        help='Recoveries that one worker process runs at the same time.',
    ),
    cfg.IntOpt(
        'claims',
        default=10,
        min=1,
        help='How often a round may be claimed without reaching its end (a worker that dies each '
        'time) before it waits for a human.',
    ),
    cfg.FloatOpt(
        'stop_seconds',
        default=10.0,
        min=1.0,
        help='Seconds that a worker takes at most to let go of its recoveries after SIGTERM.',
    ),
    cfg.StrOpt(
        'own_host',
        help='The compute host that this worker runs on, as Nova spells it. Its recovery is left '
        'to other workers while one lives. Default: the name of the machine.',
    ),
]
