"""An order about a name that nobody has is carried out, and said to cover nothing."""

from __future__ import annotations

import pytest

from recovery.db import fence_paths, hosts
from recovery.operate.orders import scopes
from recovery.operate.stranger import doubt
from tests.unit.recovery.cli.site import Operator

HOSTS = ('compute-01.example.com', 'compute-02.example.com', 'gpu-1')


@pytest.fixture
def known(run: Operator) -> Operator:
    with run.store.write() as connection:
        fence_paths.know(connection, HOSTS, 0.0, 60.0)
        hosts.put(connection, HOSTS[0], segment='rack-1')
    return run


@pytest.mark.parametrize(
    ('scope', 'said'),
    [
        ('cloud', []),
        ('host:compute-01.example.com', []),
        ('segment:rack-1', []),
        ('segment:Rack-l', ['but no host is in segment Rack-l: is rack-1 meant?']),
        ('segment:hall', ['but no host is in segment hall: there are rack-1']),
        (
            'host:Compute-01.example.com',
            [
                'but the watchers last saw no host Compute-01.example.com in Nova: '
                'is compute-01.example.com meant?'
            ],
        ),
    ],
)
def test_what_is_said_of_a_scope(known: Operator, scope: str, said: list[str]) -> None:
    assert doubt(known.store, scope) == said


def test_without_a_list_of_hosts_nothing_is_said_of_one(run: Operator) -> None:
    assert doubt(run.store, 'host:compute-01') == []
    assert doubt(run.store, 'segment:a') == ['but no host is in segment a: no host is in any']


@pytest.mark.parametrize('action', ['pause', 'disarm'])
def test_a_switch_says_so_and_is_thrown(known: Operator, action: str) -> None:
    order = {'action': action, 'reason': 'x', 'segment': 'rack-2'}
    done = scopes.switch(known.store, order, by='ann')
    assert done['said'][1:] == ['but no host is in segment rack-2: is rack-1 meant?']
    back = {'pause': 'unpause', 'disarm': 'arm'}[action]
    assert len(scopes.switch(known.store, {**order, 'action': back}, by='ann')['said']) == 1


def test_a_window_says_so(known: Operator) -> None:
    order = {'host': 'gpu-2', 'ends_at': known.store.clock.now() + 60.0, 'reason': 'x'}
    said = scopes.add_window(known.store, order, by='ann')['said']
    assert said[1:] == ['but the watchers last saw no host gpu-2 in Nova: is gpu-1 meant?']


def test_maintenance_and_labels_say_so(known: Operator) -> None:
    with known.store.write() as connection:
        fence_paths.know(connection, ['gpu-1'], 0.0, 60.0)
    words = ('--reason', 'x', '--yes')
    for command in (
        ('host', 'maintenance', 'gpu-3', 'on'),
        ('host', 'set', 'gpu-3', '--segment', 'a'),
    ):
        assert 'in Nova: is gpu-1 meant?' in known(*command, *words).out
    assert 'meant' not in known('host', 'maintenance', 'gpu-1', 'on', *words).out
