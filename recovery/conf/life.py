"""[life]: channels on which a host may show that it lives, although Nova has lost it."""

from oslo_config import cfg

from recovery.conf.form import Form

GROUP = cfg.OptGroup('life', title='Signs of life')

CHANNEL = Form(
    r'^(veto|hold|record)\s+(nova|[a-z][a-z0-9]*:[^\s].*)$',
    'veto, hold or record, and a target such as ssh://{host}',
)

OPTIONS = [
    cfg.MultiOpt(
        'channel',
        item_type=CHANNEL,
        help='ANSWER TARGET, given once for each channel. What a living sign means: "veto" (nobody '
        'may approve it: for an agent of yours on the host, or a lease on its storage), "hold" '
        '(an operator may approve it: for SSH and TCP) or "record". Targets: ssh://{host}[:PORT], '
        'tcp://{host}:PORT, "command:/PROGRAM {host} ..." (exit code 0 alive, 1 silent, another '
        'one says nothing), and "nova": its report grew between two looks. {host} is the host as '
        'Nova spells it, {short} its name up to the first dot. Ping is no sign: a controller '
        'answers on standby power. Without any the power state and Nova decide alone.',
    ),
    cfg.FloatOpt(
        'timeout_seconds',
        default=3.0,
        min=0.1,
        max=60.0,
        help='Seconds for all channels of one host together, which are asked at the same time. '
        'No answer within it says nothing.',
    ),
]
