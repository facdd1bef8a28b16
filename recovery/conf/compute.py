"""[compute]: the cloud whose hosts are recovered."""

from oslo_config import cfg

GROUP = cfg.OptGroup('compute', title='Nova, Placement and Keystone')

OPTIONS = [
    cfg.StrOpt(
        'driver', default='nova', help='Compute driver; an entry point of recovery.compute.'
    ),
    cfg.StrOpt(
        'cloud',
        help='The cloud in clouds.yaml whose credentials are used; it needs the admin role. '
        'Without it the usual OS_* variables count.',
    ),
    cfg.StrOpt('clouds_file', help='Path of clouds.yaml, when it is not in a usual place.'),
    cfg.StrOpt('region', help='Region; one deployment serves one region.'),
    cfg.StrOpt('interface', default='internal', help='Which endpoints of the catalogue are used.'),
    cfg.FloatOpt(
        'read_seconds',
        default=20.0,
        min=1.0,
        help='Seconds that a question to Nova or Placement may take, all its pages included.',
    ),
    cfg.FloatOpt(
        'write_seconds',
        default=10.0,
        min=0.5,
        help='Seconds that a request which changes something may take. Below the lease.',
    ),
]
