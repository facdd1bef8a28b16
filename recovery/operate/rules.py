"""Who may give which order: rules of oslo.policy, asked by the command and by the API.

An order is a rule ``recovery:VERB``; what it acts on is its target: host and segment. The roles
that a person has may be bound to segments: elsewhere she has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from oslo_config import cfg
from oslo_policy import policy

from recovery.operate.refusal import BadRules, Refusal

OPERATOR, FORCER = 'operator', 'forcer'
READER, SENDER = 'reader', 'sender'  #: of those who call over the network
#: In place of a segment: a role that holds in any of them is enough. No name of a segment may have
#: this character, so that nobody names it in a request.
ANYWHERE = '\0'
ANYBODY = f'* {OPERATOR}'  #: without any line: who can read our configuration may operate

#: Order -> what it does. Those that are not named here ask for the rule ``default``.
ORDERS = {
    'alarm-decide': 'decide about an alarm now',
    'alarm-raise': 'say that something failed, as a monitor would',
    'alarm-source': 'name another source than the API for an alarm that the API is given',
    'approve': 'let a held recovery pass the gates that hold it',
    'arm': 'let recoveries begin, in the cloud, a segment or of a host',
    'cancel': 'end a recovery, with undo or leaving things as they are',
    'confirm-fenced': "give one's word that a host is off",
    'db-purge': 'forget old recoveries for good',
    'db-upgrade': 'bring the tables to this release',
    'disarm': 'hold every recovery that has not begun',
    'host-check': 'record what the devices of a host say they are',
    'host-maintenance': 'set or end the maintenance of a host',
    'host-return': 'bring a recovered host back into service',
    'host-set': 'say to which segment a host belongs, and what it carries',
    'import-masakari': 'take over segments and hosts of Masakari',
    'pause': 'stop recoveries before their next outside effect',
    'read': 'see everything, over the API',
    'reject': 'end a held recovery before anything is done',
    'rerun': 'begin a new round of a recovery',
    'segment-set': 'make, change or remove a segment',
    'settle': 'say where an unsettled instance is',
    'unpause': 'let paused recoveries go on',
    'window-add': 'add a maintenance window',
    'window-close': 'end a maintenance window before its time',
    'worker-drain': 'let a worker take no more recoveries, or take them again',
}
FORCED = 'confirm-fenced-force'

#: Orders that others than operators give.
GIVEN_BY = {'read': READER, 'alarm-raise': SENDER}


class Asker(Protocol):
    """Who gives an order, however she is known."""

    @property
    def name(self) -> str: ...
    @property
    def option(self) -> str:
        """The option of ``[access]`` whose lines give her roles."""

    def roles_at(self, lines: Sequence[str] | None, segment: str | None) -> tuple[str, ...]:
        """Her roles on something in this segment."""

    def credentials(self) -> dict[str, Any]:
        """What rules may ask for besides roles."""


@dataclass(frozen=True)
class Person:
    """Who gives an order, as the machine knows her."""

    name: str
    uid: int | None = None
    groups: frozenset[str] = frozenset()  #: names and numbers
    option = 'local'

    def fits(self, who: str) -> bool:
        """Whether a line of ``[access] local`` means this person."""
        kind, _, name = who.partition(':')
        if kind == 'user':
            return name == self.name
        if kind == 'uid':
            return self.uid is not None and name == str(self.uid)
        return who == '*' or name in self.groups

    def roles_at(self, lines: Sequence[str] | None, segment: str | None) -> tuple[str, ...]:
        """Her roles on something in this segment; None: in no segment, or the whole cloud."""
        found: set[str] = set()
        for line in lines or [ANYBODY]:
            who, roles, *more = line.split()
            segments = more[0].removeprefix('segments=').split(',') if more else None
            if self.fits(who) and (segments is None or segment in segments):
                found.update(roles.split(','))
        return tuple(sorted(found))

    def credentials(self) -> dict[str, Any]:
        """What rules may ask for besides roles."""
        return {'user_id': self.name}


class Rules:
    """The rules of one site: the defaults, and what a policy file changes."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf

    @cached_property
    def _enforcer(self) -> policy.Enforcer:
        enforcer = policy.Enforcer(self._conf, default_rule='default')
        enforcer.suppress_deprecation_warnings = True
        enforcer.register_defaults(defaults())
        try:
            enforcer.load_rules()
        except Exception as error:  # it has a kind of error for each way to be malformed
            why = ' '.join(str(error).split())  # of YAML it is a drawing in several lines
            raise BadRules(f'[oslo_policy] policy_file cannot be used: {why}') from error
        return enforcer

    def load(self) -> None:
        """Read the file of rules now. Raises BadRules."""
        _ = self._enforcer

    def demand(
        self, order: str, person: Asker, *, host: str = '', segment: str | None = None
    ) -> None:
        """Return when the person may give the order.

        :param host: what it acts on; '' when it is about no host.
        :param segment: that it acts on, or that the host belongs to.
        :raises Refusal: she may not; names the rule and the role.
        :raises BadRules: nobody can tell.
        """
        roles = person.roles_at(self._conf.access[person.option], segment)
        target = {'host': host, 'segment': segment or ''}
        rule = f'recovery:{order}'
        if self._enforcer.enforce(rule, target, {**person.credentials(), 'roles': list(roles)}):
            return
        where = f' in segment {segment}' if segment and segment != ANYWHERE else ''
        has = f'has {", ".join(roles)}' if roles else 'has none'
        raise Refusal(
            f'the rule {rule} asks for {self._wanted(rule)}, and {person.name} {has}{where}: '
            f'see [access] {person.option}'
        )

    def _wanted(self, rule: str) -> str:
        """What a rule asks for, with the rules that it names in their place."""
        for _ in range(5):
            known = self._enforcer.rules
            said = str(known[rule if rule in known else 'default'])
            if not said.startswith('rule:'):
                break
            rule = said.removeprefix('rule:')
        return said


def defaults() -> list[policy.RuleDefault]:
    """The rules as they are delivered."""
    return [
        policy.RuleDefault('operator', f'role:{OPERATOR}', 'Who operates the service.'),
        policy.RuleDefault('default', 'rule:operator', 'For orders that have no rule.'),
        *(
            policy.RuleDefault(f'recovery:{order}', _asks(order), f'May {does}.')
            for order, does in ORDERS.items()
        ),
        policy.RuleDefault(
            f'recovery:{FORCED}',
            f'role:{FORCER}',
            "May confirm-fence a host against a sign of life, on one's own word alone.",
        ),
    ]


def _asks(order: str) -> str:
    more = GIVEN_BY.get(order)
    return f'rule:operator or role:{more}' if more else 'rule:operator'
