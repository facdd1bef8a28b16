"""[board]: how a recovery finds a worker."""

from oslo_config import cfg

GROUP = cfg.OptGroup('board', title='The jobboard')

OPTIONS = [
    cfg.StrOpt(
        'driver',
        default='sql',
        choices=[
            ('sql', 'in the database; needs nothing else'),
            ('redis', 'a Redis server; install openstack-recovery[redis]'),
        ],
        help='What delivers jobs to workers. It only delivers: who owns a recovery is decided in '
        'the database, so a board that loses everything loses no recovery.',
    ),
    cfg.StrOpt(
        'url',
        secret=True,
        default='redis://127.0.0.1:6379',
        help='Where the Redis server is: redis://[USER:PASSWORD@]HOST:PORT.',
    ),
    cfg.StrOpt(
        'name', default='recovery', help='Name of the board; sites that share a Redis differ in it.'
    ),
    cfg.FloatOpt(
        'poll_seconds',
        default=0.1,
        min=0.05,
        max=10.0,
        help='Seconds between two looks at the board by a worker that has nothing to do.',
    ),
]
