"""[metrics]: numbers for Prometheus."""

from oslo_config import cfg

GROUP = cfg.OptGroup('metrics', title='Metrics')

_ADDRESS = r'^(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+):[0-9]{1,5}$'

OPTIONS = [
    cfg.StrOpt(
        'listen',
        regex=_ADDRESS,
        sample_default='127.0.0.1:9469',
        help='ADDRESS:PORT on which a watcher (or standalone) answers GET /metrics, read from '
        'the database: any one watcher tells about the whole site. There is no password: bind it '
        'to a network that only Prometheus reaches. Not set: off.',
    ),
    cfg.StrOpt(
        'worker_listen',
        regex=_ADDRESS,
        sample_default='127.0.0.1:9470',
        help='ADDRESS:PORT on which a worker answers GET /metrics with the numbers of its own '
        'process. Not set: off.',
    ),
    cfg.StrOpt(
        'api_listen',
        regex=_ADDRESS,
        sample_default='127.0.0.1:9471',
        help='ADDRESS:PORT on which recovery-api answers GET /metrics with the numbers of its own '
        'process. Not set: off.',
    ),
    cfg.FloatOpt(
        'window_seconds',
        default=3600.0,
        min=60.0,
        max=604800.0,
        help='Seconds that the numbers of what happened lately look back.',
    ),
]
