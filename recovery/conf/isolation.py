"""[isolation]: finding out whether we are the side that is cut off."""

from oslo_config import cfg

from recovery.conf.form import Form

GROUP = cfg.OptGroup('isolation', title='Are we the isolated side?')

WITNESS = Form(
    r'^(database|workers|[a-z][a-z0-9]*://[^\s@]+)$',
    'tcp://HOST:PORT, http(s)://HOST, database or workers, and no user or password',
)
ARBITRATOR = Form(
    r'^[a-z][a-z0-9]*://[^\s@]+$', 'tcp://HOST:PORT or http(s)://HOST, and no user or password'
)

OPTIONS = [
    cfg.ListOpt(
        'witnesses',
        default=[],
        item_type=WITNESS,
        help='What a majority of must be reached before a host is fenced: tcp://HOST:PORT, '
        'http://... and https://... (any answer below 500), "database" (of no use with SQLite), '
        'and "workers": a majority of the machines on which processes of ours run see their '
        'majority, too. Choose an odd number of targets that no compute host can take along, on '
        'both sides of what may be cut. Empty: nobody is asked.',
    ),
    cfg.Opt(
        'arbitrator',
        type=ARBITRATOR,
        help='The witness that decides a tie, in sites of two nodes or two rooms: a third place '
        'that both of them reach.',
    ),
    cfg.FloatOpt(
        'timeout_seconds',
        default=2.0,
        min=0.1,
        max=30.0,
        help='Seconds for all witnesses together, which are asked at the same time.',
    ),
    cfg.FloatOpt(
        'keep_seconds',
        default=5.0,
        min=0.0,
        max=60.0,
        help='Seconds for which an answer serves every decision of a process: a thousand alarms '
        'must not ask a thousand times.',
    ),
    cfg.FloatOpt(
        'look_seconds',
        default=15.0,
        min=1.0,
        max=300.0,
        help='Seconds between two looks of each worker and watcher, whose answers the others '
        'count as "workers".',
    ),
    cfg.FloatOpt(
        'fresh_seconds',
        default=45.0,
        min=1.0,
        max=900.0,
        help='Seconds for which the answer of another process counts; more than look_seconds.',
    ),
]
