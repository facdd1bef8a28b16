"""Roles of those who call: by lines of the configuration, or as OpenStack's roles usually mean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oslo_config import cfg

from recovery import conf as groups
from recovery.operate.callers import Caller
from recovery.operate.refusal import Refusal
from recovery.operate.rules import ANYWHERE, FORCED, ORDERS, Rules

ADMIN = Caller('ann', ('admin', 'member', 'reader'), 'p1', 'u1')
MONITOR = Caller('masakari', ('service',), 'p2', 'u2')
MEMBER = Caller('eve', ('member', 'reader'), 'p3', 'u3')
AUDITOR = Caller('aud', ('reader',), None, 'u4', system=True)
HELPER = Caller('hal', ('member', 'reader'), None, 'u5', system=True)


def rules(*lines: str) -> Rules:
    conf = cfg.ConfigOpts()
    groups.register(conf)
    conf([], default_config_files=[], default_config_dirs=[])
    if lines:
        conf.set_override('keystone', list(lines), 'access')
    return Rules(conf)


def may(found: Rules, who: Caller) -> set[str]:
    """The orders that she may give about the whole cloud."""
    given = set()
    for order in [*ORDERS, FORCED]:
        try:
            found.demand(order, who)
        except Refusal:
            continue
        given.add(order)
    return given


def test_usual_roles() -> None:
    found = rules()
    assert may(found, ADMIN) == set(ORDERS), 'all but the word against a sign of life'
    assert may(found, replace(ADMIN, project=None, system=True)) == set(ORDERS)
    assert may(found, MONITOR) == {'alarm-raise'}
    assert may(found, AUDITOR) == {'read'}
    assert may(found, HELPER) == {'read', 'alarm-raise'}
    assert may(found, MEMBER) == set(), 'her roles are those of a project, and we show the cloud'
    assert may(found, Caller('nobody')) == set()


def test_lines_take_the_place_of_the_usual_ones() -> None:
    found = rules('user:u3 forcer', 'project:p3 reader', 'role:SERVICE+project:p2 operator')
    assert may(found, ADMIN) == set()
    assert may(found, MEMBER) == {'read', FORCED}
    assert may(found, MONITOR) == set(ORDERS)
    assert may(found, replace(MONITOR, project='p9')) == set()
    assert may(found, replace(MEMBER, name='u3', user='u9', project='p9')) == set(), (
        'a name is no id'
    )


def test_roles_of_a_segment() -> None:
    found = rules('role:member operator,reader segments=rack-1,rack-2')
    assert may(found, MEMBER) == set()
    found.demand('approve', MEMBER, segment='rack-2')
    found.demand('read', MEMBER, segment=ANYWHERE)
    with pytest.raises(Refusal) as caught:
        found.demand('approve', MEMBER, segment='rack-3')
    assert caught.value.sentence == (
        'the rule recovery:approve asks for role:operator, and eve has none in segment rack-3: '
        'see [access] keystone'
    )


@pytest.mark.parametrize(
    'line', ['admin operator', 'role: operator', 'role:admin', 'role:a+ reader', 'uid:1 reader']
)
def test_a_line_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match='role:NAME, project:ID'):
        rules(line)


def test_a_rule_may_ask_for_what_the_token_says() -> None:
    assert AUDITOR.credentials() == {
        'user_id': 'u4', 'project_id': None, 'system_scope': 'all', 'keystone_roles': ['reader'],
    }  # fmt: skip
