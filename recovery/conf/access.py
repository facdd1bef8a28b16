"""[access]: who may give which order."""

from oslo_config import cfg

from recovery.conf.form import Form

GROUP = cfg.OptGroup('access', title='Roles of operators')

WHO = Form(
    r'^(\*|(user|group|uid|gid):\S+)\s+[a-z][a-z0-9_,-]*(\s+segments=\S+)?$',
    '*, user:NAME, uid:N, group:NAME or gid:N, then roles, and maybe segments=X,Y',
)
CALLER = Form(
    r'^(role|project|user|system):[^\s+]+(\+(role|project|user|system):[^\s+]+)*'
    r'\s+[a-z][a-z0-9_,-]*(\s+segments=\S+)?$',
    'role:NAME, project:ID, user:ID or system:all, or several of them joined by +, then roles, '
    'and maybe segments=X,Y',
)

OPTIONS = [
    cfg.MultiOpt(
        'local',
        item_type=WHO,
        help='WHO ROLE[,ROLE...] [segments=X,Y], given once for each rule: the roles of those who '
        'type commands on this machine. WHO is *, user:NAME, uid:NUMBER, group:NAME or gid:NUMBER; '
        'all lines that fit count; without any line everybody is an operator. Roles are those of '
        'the rules: "operator" gives every order but one; "forcer" may confirm-fence a host '
        'against a sign of life, and nobody is one unless a line says so. With segments the roles '
        'hold for hosts of these segments alone. This keeps people from mistakes: who can read '
        'the password of the database could write to it without a command of ours. Rules are '
        'changed in the file of [oslo_policy] policy_file.',
    ),
    cfg.MultiOpt(
        'keystone',
        item_type=CALLER,
        help='WHO ROLE[,ROLE...] [segments=X,Y], given once for each rule: the roles of those who '
        'call the API with a token. WHO is role:NAME, project:ID, user:ID or system:all, or '
        'several of them joined by +, which have to fit together; all lines that fit count, and '
        'lines replace the usual ones: "role:admin operator,reader,sender", "role:service '
        'sender", "role:member+system:all reader,sender" and "role:reader+system:all reader". '
        '"reader" may read all that is here, "sender" may raise alarms, "operator" and "forcer" '
        'are those of local. A role of a project is no role here: whoever reads here sees the '
        'whole cloud.',
    ),
]
