"""What an order about a scope covers, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recovery.operate import windows
from recovery.operate.orders import scopes
from recovery.operate.refusal import Refusal
from tests.unit.recovery.cli.site import Operator, operator


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Operator]:
    with operator(tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    ('order', 'scope'),
    [
        ({}, 'cloud'),
        ({'segment': 'rack-1'}, 'segment:rack-1'),
        ({'host': 'compute-01'}, 'host:compute-01'),
        ({'host': None, 'segment': None}, 'cloud'),
    ],
)
def test_the_scope_of_an_order(order: Any, scope: str) -> None:
    assert scopes.scope_of(order) == scope


def test_what_still_stops_it_is_told(run: Operator) -> None:
    for order in ({}, {'host': 'compute-01'}):
        scopes.switch(run.store, {'action': 'pause', 'reason': 'why', **order}, by='carol')
    done = scopes.switch(run.store, {'action': 'unpause', 'host': 'compute-01'}, by='carol')
    assert done['said'] == [
        'the pause of host compute-01 is over',
        'but the service is still paused, by carol: why',
    ]
    with pytest.raises(Refusal, match='itself is not paused'):
        scopes.switch(run.store, {'action': 'unpause', 'host': 'compute-01'}, by='carol')


def test_a_window_ends_once(run: Operator) -> None:
    until = run.store.clock.now() + 3600
    order = {'segment': 'rack-1', 'ends_at': until, 'reason': 'a switch'}
    window = scopes.add_window(run.store, order, by='carol')['window']
    assert (window['scope'], window['state'], window['by']) == ('segment:rack-1', 'open', 'carol')
    found = windows.find(run.store, window['id'])
    assert scopes.close_window(run.store, found, by='dave', reason='')['next'] == ''
    with pytest.raises(Refusal, match='has ended already'):
        scopes.close_window(run.store, found, by='dave', reason='')
