"""Each rule fires when it is broken, and no rule is without its sabotage."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.oracle.sabotages import LATER, PARTS_LATER, SABOTAGES, Sabotage

RULES = [f'S{number}' for number in range(1, 33)]


@pytest.mark.parametrize('sabotage', SABOTAGES, ids=lambda one: f'{one.rule}-{one.name}')
def test_the_rule_fires(sabotage: Sabotage, record_property: Callable[[str, object], None]) -> None:
    broken = sabotage.scene.played(sabotage.patch)
    fired = sorted({one.rule for one in broken})
    for name, value in (('rule', sabotage.rule), ('sabotage', sabotage.name)):
        record_property(name, value)
    record_property('fired', ', '.join(fired) or 'NOTHING')
    assert sabotage.rule in fired, f'{sabotage.sentence}, and only {fired} fired'


def test_every_rule_has_its_sabotage() -> None:
    covered = {one.rule for one in SABOTAGES}
    assert covered | LATER.keys() == set(RULES)
    assert not covered & LATER.keys(), 'a rule of a later order that is tested already'
    assert covered >= PARTS_LATER.keys()
