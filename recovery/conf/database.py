"""[database]: where the truth is kept."""

from oslo_config import cfg

GROUP = cfg.OptGroup('database', title='The database')

OPTIONS = [
    cfg.StrOpt(
        'connection',
        secret=True,
        default='sqlite:////var/lib/recovery/recovery.sqlite',
        help='SQLAlchemy URL. SQLite serves any number of processes of one machine; for workers '
        'on several machines give MariaDB: mysql+pymysql://USER:PASSWORD@HOST/recovery. '
        'Never put SQLite on a network file system.',
    ),
    cfg.FloatOpt(
        'busy_seconds',
        default=5.0,
        min=0.5,
        max=15.0,
        help='Seconds that a write waits for another one before the database counts as away. '
        'Must be well below the lease of a claim.',
    ),
]
