"""Rules: who may give which order, where; a refusal names the rule and the role."""

from __future__ import annotations

from pathlib import Path

import pytest
from oslo_config import cfg

from recovery import conf as groups
from recovery.operate.refusal import BadRules, Refusal
from recovery.operate.rules import FORCED, ORDERS, Person, Rules, defaults

ANN = Person('ann', 1000, frozenset({'ops', '4711'}))
EVE = Person('eve', 1001, frozenset({'users'}))


def rules(*lines: str) -> Rules:
    conf = cfg.ConfigOpts()
    groups.register(conf)
    conf([], default_config_files=[], default_config_dirs=[])
    if lines:
        conf.set_override('local', list(lines), 'access')
    return Rules(conf)


def may(found: Rules, person: Person, order: str, **target: str | None) -> bool:
    try:
        found.demand(order, person, **target)  # type: ignore[arg-type]
    except Refusal:
        return False
    return True


def test_without_any_line_everybody_operates_and_nobody_forces() -> None:
    found = rules()
    assert all(may(found, EVE, order) for order in ORDERS)
    assert not may(found, EVE, FORCED)


def test_with_lines_only_whom_they_mean() -> None:
    found = rules('group:ops operator', 'user:root operator,forcer')
    assert may(found, ANN, 'approve')
    assert not may(found, EVE, 'approve')
    assert may(found, Person('root', 0), FORCED)
    assert not may(found, ANN, FORCED)


@pytest.mark.parametrize('who', ['*', 'user:ann', 'uid:1000', 'group:ops', 'gid:4711'])
def test_ways_to_name_somebody(who: str) -> None:
    found = rules(f'{who} operator')
    assert may(found, ANN, 'pause')
    assert may(found, EVE, 'pause') == (who == '*')


def test_roles_of_a_segment_hold_there_alone() -> None:
    found = rules('user:ann operator segments=rack-1,rack-2', 'user:eve operator')
    assert may(found, ANN, 'approve', host='c1', segment='rack-1')
    assert may(found, ANN, 'pause', segment='rack-2')
    assert not may(found, ANN, 'approve', host='c9', segment='rack-9')
    assert not may(found, ANN, 'approve', host='c0', segment=None)
    assert not may(found, ANN, 'pause'), 'the whole cloud is not her segment'
    assert may(found, EVE, 'pause')


def test_a_refusal_names_the_rule_the_role_and_the_person() -> None:
    with pytest.raises(Refusal) as caught:
        rules('user:ann reader segments=rack-1').demand('approve', ANN, host='c1', segment='rack-1')
    assert caught.value.sentence == (
        'the rule recovery:approve asks for role:operator, and ann has reader in segment rack-1: '
        'see [access] local'
    )
    with pytest.raises(Refusal, match=r'recovery:confirm-fenced-force asks for role:forcer'):
        rules().demand(FORCED, ANN)


def test_an_order_without_a_rule_asks_for_an_operator() -> None:
    assert may(rules(), ANN, 'something-new')
    assert not may(rules('user:ann reader'), ANN, 'something-new')


def with_file(tmp_path: Path, text: str, *lines: str) -> Rules:
    file = tmp_path / 'policy.yaml'
    file.write_text(text)
    conf = cfg.ConfigOpts()
    groups.register(conf)
    (tmp_path / 'recovery.conf').write_text(f'[oslo_policy]\npolicy_file = {file}\n')
    conf([], default_config_files=[str(tmp_path / 'recovery.conf')], default_config_dirs=[])
    if lines:
        conf.set_override('local', list(lines), 'access')
    return Rules(conf)


def test_a_policy_file_changes_rules(tmp_path: Path) -> None:
    found = with_file(
        tmp_path,
        '"recovery:approve": "role:approver"\n'
        '"recovery:disarm": "rule:operator and \'rack-1\':%(segment)s"\n'
        '"recovery:purge": "!"\n',
        'user:ann operator',
        'user:eve approver',
    )
    assert not may(found, ANN, 'approve')
    assert may(found, EVE, 'approve')
    assert may(found, ANN, 'cancel')
    assert may(found, ANN, 'disarm', segment='rack-1')
    assert not may(found, ANN, 'disarm', segment='rack-2')
    with pytest.raises(Refusal, match='asks for role:approver'):
        found.demand('approve', ANN)


@pytest.mark.parametrize('text', ['- a\n- list\n', '"recovery:approve": [\n', 'x: {'])
def test_a_file_that_cannot_be_used_lets_nobody_through(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadRules, match='policy_file') as caught:
        with_file(tmp_path, text).demand('approve', ANN)
    assert '\n' not in str(caught.value)


def test_every_rule_says_what_it_is_for() -> None:
    assert all(rule.description for rule in defaults())
    assert len({rule.name for rule in defaults()}) == len(defaults())
