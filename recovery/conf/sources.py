"""[sources]: who may raise alarms, and what those of each may start."""

from oslo_config import cfg

from recovery.conf.form import Form

GROUP = cfg.OptGroup('sources', title='Alarm sources and their authority')

LINE = Form(
    r'^\S+\s+(start|approve|evidence)(\s+(kinds|segments)=\S+)*$',
    'SOURCE, then start, approve or evidence, and maybe kinds=A,B segments=X,Y',
)

OPTIONS = [
    cfg.MultiOpt(
        'authority',
        item_type=LINE,
        help='SOURCE AUTHORITY [kinds=A,B] [segments=X,Y], given once for each rule. The source '
        'may have wildcards. "start": its alarms are recovered without asking. "approve": a human '
        'has to approve each. "evidence": they are kept, and start nothing. The first line counts '
        'that fits source, kind and segment; where lines name the source and none fits, it is '
        'evidence. What other sources say of the same recovery may raise its authority, never '
        'lower it.',
    ),
    cfg.StrOpt(
        'default',
        default='start',
        choices=['start', 'approve', 'evidence'],
        help='For sources that no line names.',
    ),
    cfg.StrOpt(
        'file',
        sample_default='/etc/recovery/sources.yaml',
        help='The file that says who may post alarms as webhooks, how each is known, and how its '
        'messages are read; it also has the aliases of hosts. Not set: nobody may. Read again '
        'upon SIGHUP.',
    ),
    cfg.ListOpt(
        'domains',
        default=[],
        help="Domains that the name of a host may have in an alarm where Nova's name of it has "
        'none: example.org, say. Empty: any. Whatever this says, a name that fits two hosts is '
        'refused.',
    ),
    cfg.FloatOpt(
        'replay_seconds',
        default=300.0,
        min=10.0,
        max=3600.0,
        help='Seconds by which the time in a signed webhook may differ from ours. Signatures are '
        'remembered for that long, so that a recorded message does nothing when it is sent again.',
    ),
    cfg.FloatOpt(
        'decide_seconds',
        default=5.0,
        min=0.0,
        max=60.0,
        help='Seconds that a webhook waits for decisions about its alarms before it is answered. '
        'The alarms are stored by then: what is not decided yet is decided after the answer, or '
        'by the watcher.',
    ),
]
