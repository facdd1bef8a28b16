"""[restore]: bringing a recovered host back."""

from oslo_config import cfg

GROUP = cfg.OptGroup('restore', title='Return of a host')

OPTIONS = [
    cfg.StrOpt(
        'policy',
        default='when-back',
        choices=[
            ('never', 'only by recovery host return'),
            ('when-back', 'when the host shows life again'),
            ('power-on', 'at once: it is powered on when its recovery is done'),
        ],
        help='When the return of a recovered host begins.',
    ),
    cfg.StrOpt(
        'service_policy',
        default='when-back',
        choices=[
            ('never', 'only by recovery host return, or by enabling its service'),
            ('when-back', 'when its service has reported for healthy_seconds'),
        ],
        help='When a host is opened to the scheduler again that was closed because only its '
        'compute service had failed.',
    ),
    cfg.FloatOpt(
        'boot_seconds',
        default=900.0,
        min=5.0,
        help='Seconds that a host may take to boot and its agent to report before a human looks.',
    ),
    cfg.FloatOpt(
        'healthy_seconds',
        default=30.0,
        min=0.0,
        help='Seconds that the service must stay up before it is enabled.',
    ),
    cfg.FloatOpt(
        'poll_seconds',
        default=1.0,
        min=0.1,
        max=30.0,
        help='Seconds between two looks at a host that boots.',
    ),
    cfg.FloatOpt(
        'loop_seconds',
        default=3600.0,
        min=0.0,
        help='A host that fails again within this time of its return is held for a human.',
    ),
]
