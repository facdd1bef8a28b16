"""[evacuation]: which instances are evacuated, where to, and how many at once."""

from oslo_config import cfg

from recovery.conf.form import Form

EXCLUSION = Form(
    r'^{0}( +{0})*$'.format(
        r'(name|project|flavor|image|tag|flavor:[^\s=]+|image:[^\s=]+|metadata:[^\s=]+)'
        r'=("[^"]+"|\'[^\']+\'|[^\s"\']+)'
    ),
    'conditions with spaces between: name=PATTERN, project=ID, flavor=NAME, flavor:SPEC=VALUE, '
    'image=ID, image:PROPERTY=VALUE, metadata:KEY=VALUE or tag=TAG',
)
#: The name that Octavia gives its amphorae: they are replaced by Octavia, and break when moved.
AMPHORAE = 'name=amphora-????????-????-????-????-????????????'

GROUP = cfg.OptGroup('evacuation', title='Evacuation')

OPTIONS = [
    cfg.StrOpt(
        'instance_storage',
        default='local',
        choices=[
            ('local', 'disks of instances that do not boot from a volume die with their host'),
            ('shared', 'all disks of instances are on storage that every host reaches'),
        ],
        help='Where the disks of instances are. With local, an instance that does not boot from a '
        'volume is left, because evacuating it would replace its disk by an empty one.',
    ),
    cfg.BoolOpt(
        'rebuild_local',
        default=False,
        help='Evacuate instances on local disks all the same: they come back from their image and '
        'THEIR DATA IS LOST.',
    ),
    cfg.IntOpt(
        'at_once',
        default=20,
        min=1,
        max=500,
        help='Evacuations of one recovery that are under way at the same time.',
    ),
    cfg.IntOpt(
        'senders',
        default=4,
        min=1,
        max=32,
        help='Evacuate requests that one recovery sends side by side.',
    ),
    cfg.IntOpt(
        'senders_of_process',
        default=16,
        min=1,
        max=128,
        help='Evacuate requests that one worker process sends side by side, for all recoveries.',
    ),
    cfg.FloatOpt(
        'poll_seconds',
        default=1.0,
        min=0.1,
        max=30.0,
        help='Seconds between two looks at all evacuations under way.',
    ),
    cfg.FloatOpt(
        'unsettled_seconds',
        default=600.0,
        min=10.0,
        help='Seconds after which an evacuation that does not end makes a human look. It is '
        'watched on, and never sent again because of its age.',
    ),
    cfg.FloatOpt(
        'absent_seconds',
        default=60.0,
        min=1.0,
        max=3600.0,
        help='Seconds after the end of an evacuate request that got no answer, for which it may '
        'still sit in a queue between us and Nova. Only then, and when Nova shows no trace of '
        'it, is it sent again. At least the longest queue time-out of the load balancer.',
    ),
    cfg.IntOpt(
        'attempts',
        default=3,
        min=1,
        max=10,
        help='Evacuate requests for one instance in one round, where sending again is safe.',
    ),
    cfg.StrOpt(
        'spread',
        default='capacity',
        choices=[
            ('capacity', 'name a host for each instance, the one with most room first'),
            ('scheduler', 'leave the choice to the scheduler of Nova'),
        ],
        help='How targets are chosen. A burst that is left to the scheduler usually lands on one '
        'host. A target that Nova refuses is left to the scheduler.',
    ),
    cfg.StrOpt(
        'priority_key',
        default='recovery:priority',
        help='Metadata of an instance that holds its priority, a whole number; higher goes first.',
    ),
    cfg.StrOpt(
        'ha_key',
        default='HA_Enabled',
        help='Metadata of an instance that mark it as highly available, with true as value.',
    ),
    cfg.StrOpt(
        'ha_mode',
        default='first',
        choices=[
            ('first', 'marked instances are evacuated before the others'),
            ('only', 'instances that are not marked are left'),
            ('ignore', 'the mark means nothing'),
        ],
        help='What the mark of an instance means. An instance that has a priority of its own goes '
        'by that; a mark counts as priority 1, and none as 0.',
    ),
    cfg.BoolOpt(
        'leave_in_error',
        default=False,
        help='Leave instances that were in error when their host failed.',
    ),
    cfg.MultiOpt(
        'exclude',
        item_type=EXCLUSION,
        default=[AMPHORAE],
        sample_default=AMPHORAE,
        help='Instances that are left. Each line is an exclusion: one or more conditions, all of '
        'which have to hold; * and ? stand for anything. The default leaves amphorae of Octavia '
        'out, which replaces them itself; a line of its own takes the place of that default, so '
        'repeat it, or give name=/ to exclude nobody.',
    ),
    cfg.BoolOpt(
        'spare_aggregates',
        default=False,
        help='Add a reserved host that is taken to the aggregates of the failed one. It leaves '
        'those again when it is returned.',
    ),
]
