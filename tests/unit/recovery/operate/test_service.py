"""Switches by scope: each is ended for itself, and what still stops is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recovery.db import hosts
from recovery.operate import service
from recovery.operate.refusal import Refusal
from tests.unit.recovery.cli.site import Operator

PAIRS = [
    (service.pause, service.unpause, 'paused', 'unpause'),
    (service.disarm, service.arm, 'disarmed', 'arm'),
]
Switch = Callable[..., str | None]


@pytest.mark.parametrize(('on', 'off', 'word', 'verb'), PAIRS)
def test_a_narrow_switch_does_not_end_a_wide_one(
    run: Operator, on: Switch, off: Switch, word: str, verb: str
) -> None:
    store = run.store
    with store.write() as connection:
        hosts.put(connection, 'c1', segment='rack-1')
    on(store, by='ann', reason='rack work', scope='segment:rack-1')
    with pytest.raises(Refusal) as caught:
        off(store, by='bob', reason='', scope='host:c1')
    assert 'host c1 itself is' in caught.value.sentence
    assert caught.value.verb == f'recovery {verb} --segment rack-1'
    on(store, by='ann', reason='its own', scope='host:c1')
    still = off(store, by='bob', reason='', scope='host:c1')
    assert still == f'segment rack-1 is still {word}, by ann: rack work'
    assert off(store, by='bob', reason='', scope='segment:rack-1') == ''


@pytest.mark.parametrize(('on', 'off', 'word', 'verb'), PAIRS)
def test_twice_is_refused(run: Operator, on: Switch, off: Switch, word: str, verb: str) -> None:
    on(run.store, by='ann', reason='first', scope='host:c1')
    with pytest.raises(Refusal, match=f'host c1 itself is {word} already, by ann: first'):
        on(run.store, by='bob', reason='second', scope='host:c1')
    on(run.store, by='bob', reason='other', scope='host:c2')
    with pytest.raises(Refusal, match=f'^it is (not paused|armed)$|{verb}'):
        off(run.store, by='ann', reason='')
