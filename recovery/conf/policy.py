"""[policy]: when recovery must hold back rather than act."""

from oslo_config import cfg, types

from recovery.conf.form import Domains, Form

GROUP = cfg.OptGroup('policy', title='Limits on automatic action')

OPTIONS = [
    cfg.FloatOpt(
        'down_seconds',
        default=30.0,
        min=0.0,
        help='A service that reported less than this long ago counts as alive.',
    ),
    cfg.FloatOpt(
        'settle_seconds',
        default=15.0,
        min=0.0,
        max=600.0,
        help='Seconds between an alarm and the count of failed hosts: the first alarm of a storm '
        'must not be fenced before the others arrive.',
    ),
    cfg.FloatOpt(
        'mass_share',
        default=0.3,
        min=0.0,
        max=1.0,
        help='Share of all compute services that may look failed; more are held for a human, '
        'because many hosts down together usually means the network, not the hosts.',
    ),
    cfg.IntOpt(
        'mass_count',
        default=2,
        min=1,
        help='This many failed services never count as a mass failure, whatever their share.',
    ),
    cfg.IntOpt(
        'fence_budget',
        default=5,
        min=1,
        help='Hosts that may be fenced within fence_window_seconds.',
    ),
    cfg.FloatOpt(
        'fence_window_seconds',
        default=600.0,
        min=1.0,
        help='The window of the fence budget, in seconds.',
    ),
    cfg.IntOpt(
        'attempts',
        default=3,
        min=1,
        help='Recoveries of one host within attempts_window_seconds before a human is asked.',
    ),
    cfg.FloatOpt(
        'attempts_window_seconds',
        default=86400.0,
        min=60.0,
        help='The window for attempts, in seconds.',
    ),
    cfg.FloatOpt(
        'startup_seconds',
        default=60.0,
        min=0.0,
        help='Seconds after the first start of a watcher or worker in which nothing is fenced, so '
        'that one full look at the cloud comes first.',
    ),
    cfg.Opt(
        'domain_share',
        type=Domains(types.Float(min=0.0, max=1.0)),
        default={'segment': 0.5, 'zone': 0.5},
        help='Share of the hosts of one domain that may look failed, as KIND:SHARE or '
        'KIND/NAME:SHARE, with commas between; KIND is segment, zone or aggregate. More are held '
        'for a human, whatever the share of the whole cloud: hosts of a domain share what fails. '
        'Segments and zones that are not named have 0.5, aggregates no limit; more than 0.5 needs '
        'a reason in weakened.',
    ),
    cfg.Opt(
        'domain_count',
        type=Domains(types.Integer(min=1)),
        default={},
        help='This many failed hosts of a domain never count as its failure, as KIND:NUMBER or '
        'KIND/NAME:NUMBER; without one it is mass_count. More than 10 needs a reason in weakened.',
    ),
    cfg.FloatOpt(
        'storm_cooldown_seconds',
        default=300.0,
        min=0.0,
        max=86400.0,
        help='Seconds after a mass failure was last seen in which nothing new begins: hosts '
        'return one by one.',
    ),
    cfg.Opt(
        'carries_down',
        type=types.Dict(types.Integer(min=0)),
        default={
            'database': 1,
            'bus': 1,
            'nova-api': 1,
            'fencing-controller': 1,
            'storage': 1,
        },
        help='How many hosts that carry the same thing may be down together, the one to be fenced '
        'included, as LABEL:NUMBER with commas between; of a label that is not named, one. '
        'More than 2 needs a reason in weakened.',
    ),
    cfg.IntOpt(
        'approve_instances',
        default=0,
        min=0,
        help='A host with more instances than this is recovered when a human has approved it; 0: '
        'however many there are.',
    ),
    cfg.IntOpt(
        'approve_hosts',
        default=0,
        min=0,
        help='While more hosts than this look failed, a human has to approve each recovery; 0: '
        'the limits of a mass failure are enough.',
    ),
    cfg.FloatOpt(
        'approve_share',
        default=1.0,
        min=0.0,
        max=1.0,
        help='While more than this share of all hosts looks failed, a human has to approve each '
        'recovery; 1: the limits of a mass failure are enough.',
    ),
    cfg.MultiOpt(
        'weakened',
        item_type=Form(
            r'^[a-z-]+(\s*,\s*[a-z-]+)*\s*:\s*\S',
            'GATE: REASON, or GATE, GATE: REASON, with a reason after the colon',
        ),
        help='GATE[,GATE...]: REASON, for gates that options make weaker than is safe; may be '
        'given several times. Without it such options are refused, with what would be safe; the '
        'reason stands in each decision that they changed.',
    ),
]
