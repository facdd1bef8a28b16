"""[instance]: restarting an instance whose guest failed on a host that lives."""

from oslo_config import cfg

GROUP = cfg.OptGroup('instance', title='Restart of an instance')

OPTIONS = [
    cfg.BoolOpt(
        'process_all_instances',
        default=False,
        help='Restart every instance that an alarm says has failed, not only those whose metadata '
        'ask for it.',
    ),
    cfg.StrOpt(
        'ha_key',
        default='HA_Enabled',
        help='Metadata by which the owner of an instance asks for it to be restarted: true, yes, '
        'on or 1.',
    ),
    cfg.FloatOpt(
        'look_seconds',
        default=20.0,
        min=0.0,
        max=300.0,
        help='Seconds for which an instance is watched that Nova still shows as running. If it '
        'does so all the time, nothing is done. Nova learns of the death of a guest late: its '
        'libvirt driver keeps the event back for 15 seconds.',
    ),
    cfg.FloatOpt(
        'busy_seconds',
        default=300.0,
        min=0.0,
        help='Seconds for which somebody else may be busy with the instance, by a task or a '
        'migration, until a human is asked.',
    ),
    cfg.FloatOpt(
        'stop_seconds',
        default=180.0,
        min=1.0,
        help='Seconds that Nova may take to stop it until a human is asked.',
    ),
    cfg.FloatOpt(
        'start_seconds',
        default=60.0,
        min=1.0,
        help='Seconds that Nova may take to start it until a human is asked.',
    ),
    cfg.FloatOpt(
        'poll_seconds',
        default=1.0,
        min=0.1,
        max=30.0,
        help='Seconds between two looks at it.',
    ),
]
