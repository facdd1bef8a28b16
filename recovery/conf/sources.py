"""[sources]: what the alarms of each source may start."""

from oslo_config import cfg

from recovery.conf.form import Form

GROUP = cfg.OptGroup('sources', title='Authority of alarm sources')

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
]
