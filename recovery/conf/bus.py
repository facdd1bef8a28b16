"""[bus]: alarms and Nova's notifications taken from a message bus, and what we tell it."""

from oslo_config import cfg

GROUP = cfg.OptGroup('bus', title='Message bus')

OPTIONS = [
    cfg.BoolOpt(
        'alarms',
        default=False,
        help='Whether watchers listen for notifications of the type recovery.alarm. Their source '
        'is "bus:" and the publisher_id of the message; give it an authority in [sources]. '
        'Whoever has a password of the bus may send them.',
    ),
    cfg.BoolOpt(
        'nova',
        default=False,
        help='Whether watchers listen for the service.update of Nova: what somebody else does to '
        'the service of a host under recovery goes into its story. Nothing is started by it. Nova '
        'has to send versioned notifications.',
    ),
    cfg.BoolOpt(
        'emit',
        default=False,
        help='Whether watchers tell the bus how recoveries get on, in versioned notifications.',
    ),
    cfg.StrOpt(
        'transport_url',
        secret=True,
        sample_default='rabbit://recovery:PASSWORD@controller:5672/',
        help='The bus, as oslo.messaging spells it. Not set: transport_url of '
        '[oslo_messaging_notifications], or else of [DEFAULT]. [oslo_messaging_rabbit] is read, '
        "too, and has to be like Nova's where queues of Nova are used: a queue that is declared "
        'with other properties than it has is refused by the broker.',
    ),
    cfg.StrOpt(
        'alarm_topic',
        default='recovery_alarms',
        help='Topic of the alarms. All watchers share it: one of them takes each.',
    ),
    cfg.StrOpt(
        'alarm_exchange',
        default='recovery_alarms',
        help='Exchange of the alarms; not that of anything else, which may have other properties.',
    ),
    cfg.BoolOpt(
        'alarm_quorum',
        default=True,
        help='Whether the queues of the alarms are quorum queues: replicated, and still there '
        'after a restart of the broker. No: they are as [oslo_messaging_rabbit] says.',
    ),
    cfg.StrOpt(
        'nova_topic',
        default='versioned_notifications',
        help='Topic of the versioned notifications of Nova: its versioned_notifications_topics.',
    ),
    cfg.StrOpt(
        'nova_exchange',
        default='nova',
        help='Exchange of the notifications of Nova: its control_exchange.',
    ),
    cfg.StrOpt(
        'pool',
        default='recovery',
        help='Queue into which the notifications of Nova are copied for us, so that they are '
        'taken from nobody. Give it a time to live by a policy of the broker: it holds all of '
        "Nova's notifications while no watcher runs.",
    ),
    cfg.ListOpt(
        'emit_topics',
        default=['versioned_notifications'],
        help='Topics of what we tell.',
    ),
    cfg.StrOpt(
        'emit_exchange',
        default='recovery',
        help='Exchange of what we tell.',
    ),
    cfg.FloatOpt(
        'backlog_hours',
        default=24.0,
        min=0.1,
        max=720.0,
        help='Hours after which what could not be told is skipped. It is told how much that was.',
    ),
]
