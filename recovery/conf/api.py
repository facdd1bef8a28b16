"""[api]: the HTTP API, for monitors, for operators and for clients of Masakari."""

import re

from oslo_config import cfg, types

from recovery.conf.form import Form

GROUP = cfg.OptGroup('api', title='The HTTP API')

ADDRESS = Form(
    r'^(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]/]+):[0-9]{1,5}$',
    'ADDRESS:PORT, an IPv6 address in brackets',
)


class Expression(types.String):
    """A regular expression without groups: it becomes a part of another one."""

    def __call__(self, value: object) -> str:
        """Raises ValueError."""
        text = str(super().__call__(value))
        try:
            groups = re.compile(text).groups
        except re.error as error:
            raise ValueError(f'it is no regular expression: {error}') from error
        if groups:
            raise ValueError('give a regular expression without groups: (?:...) is none')
        return text


PREFIX = Form(r'^https?://[^\s?#]+$', 'a URL that begins with http:// or https://')

OPTIONS = [
    cfg.Opt(
        'listen',
        type=ADDRESS,
        sample_default='127.0.0.1:15868',
        help='ADDRESS:PORT on which recovery-api answers. Not set: recovery-api takes '
        '127.0.0.1:15868, and standalone has no API. A WSGI server of your own has an address of '
        'its own, and does not read this.',
    ),
    cfg.StrOpt(
        'auth',
        default='keystone',
        choices=[
            ('keystone', 'tokens of Keystone, checked as [keystone_authtoken] says'),
            ('noauth', 'everybody is an operator; for labs, and on loopback addresses only'),
        ],
        help='How callers are known. Webhooks have secrets of their own in either case.',
    ),
    cfg.IntOpt(
        'threads',
        default=16,
        min=1,
        max=1024,
        help='Requests that recovery-api answers at the same time.',
    ),
    cfg.IntOpt(
        'max_body',
        default=8388608,
        min=1024,
        max=67108864,
        help='Bytes that the body of a request may have; more is answered 413.',
    ),
    cfg.IntOpt(
        'max_depth',
        default=32,
        min=4,
        max=200,
        help='Levels of objects and lists that the body of a request may have; more is answered '
        '400.',
    ),
    cfg.IntOpt(
        'max_values',
        default=200000,
        min=100,
        max=1000000,
        help='Keys and values that the body of a request may have; more is answered 400.',
    ),
    cfg.IntOpt(
        'max_limit',
        default=1000,
        min=1,
        max=100000,
        help='Rows that one answer lists at most; whoever wants more asks for the next page.',
    ),
    cfg.FloatOpt(
        'rate',
        default=0.0,
        min=0.0,
        max=100000.0,
        help='Requests each second that one caller (a user of Keystone; else an address) may make '
        'of this process in the long run; more are answered 429 with Retry-After. 0: any number. '
        'Alarms are not counted here.',
    ),
    cfg.IntOpt(
        'burst',
        default=200,
        min=1,
        max=1000000,
        help='Requests that one caller may make at once before [api] rate holds.',
    ),
    cfg.FloatOpt(
        'alarm_rate',
        default=0.0,
        min=0.0,
        max=100000.0,
        help='Alarms each second that one sender may raise, likewise. Webhooks over it are '
        'answered 503, since senders such as Alertmanager drop what is answered 429. 0: any '
        'number, which loses no alarm of a sender that never tries again.',
    ),
    cfg.IntOpt(
        'alarm_burst',
        default=1000,
        min=1,
        max=1000000,
        help='Alarms that one sender may raise at once before [api] alarm_rate holds.',
    ),
    cfg.Opt(
        'link_prefix',
        type=PREFIX,
        help='What links in answers begin with, when clients reach this API under another URL '
        'than it sees itself: https://cloud.example/instance-ha, say.',
    ),
    cfg.Opt(
        'project_id_regex',
        type=Expression(),
        default=r'[0-9a-f\-]+',
        help='What a project id looks like in the URL form /v1/PROJECT_ID/..., as a regular '
        'expression.',
    ),
    cfg.BoolOpt(
        'ui_without_token',
        default=False,
        help='Whether the status page may be read by everybody who reaches the API. Browsers hold '
        'no token of Keystone; otherwise let a proxy in front add one.',
    ),
    cfg.StrOpt(
        'disable_by_file',
        sample_default='/etc/recovery/healthcheck_disable',
        help='While this file exists, /healthcheck answers 503, so that a load balancer sends no '
        'more requests here.',
    ),
    cfg.FloatOpt(
        'stop_seconds',
        default=10.0,
        min=1.0,
        help='Seconds that recovery-api takes at most to answer what it has begun, after SIGTERM.',
    ),
]
