"""The compute contract, where it changes what an administrator has put together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from drivers.compute.nova import NovaCompute
from drivers.contracts.compute import Aggregate
from drivers.contracts.errors import NotFound, Refused
from tests.contract.compute_peers import PEERS, Peer

SECONDS = 30.0


@pytest.fixture(scope='module', params=PEERS, ids=[kind.name for kind in PEERS])
def peer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    found = request.param(tmp_path_factory.mktemp('clouds'))
    yield found
    found.close()


@pytest.fixture(scope='module')
def driver(peer: Peer) -> NovaCompute:
    return peer.driver()


def test_aggregates_say_which_hosts_they_have(peer: Peer, driver: NovaCompute) -> None:
    before = set(driver.aggregates(timeout=SECONDS))
    one, other, *_ = peer.hosts
    peer.aggregate('contract-a', one, other)
    peer.aggregate('contract-b', other)
    try:
        found = set(driver.aggregates(timeout=SECONDS)) - before
    finally:
        peer.aggregate('contract-a')
        peer.aggregate('contract-b')
    assert found == {
        Aggregate('contract-a', frozenset({one, other})),
        Aggregate('contract-b', frozenset({other})),
    }
    assert set(driver.aggregates(timeout=SECONDS)) == before


def test_a_host_is_put_into_an_aggregate_and_taken_out(peer: Peer, driver: NovaCompute) -> None:
    one, other, *_ = peer.hosts

    def found() -> Aggregate:
        every = driver.aggregates(timeout=SECONDS)
        return next(each for each in every if each.name == 'contract-c')

    peer.aggregate('contract-c', one)
    try:
        driver.add_to_aggregate(found().id, other, timeout=SECONDS)
        assert found().hosts == {one, other}
        with pytest.raises(Refused):
            driver.add_to_aggregate(found().id, other, timeout=SECONDS)
        driver.remove_from_aggregate(found().id, other, timeout=SECONDS)
        assert found().hosts == {one}
        with pytest.raises(NotFound):
            driver.remove_from_aggregate(found().id, other, timeout=SECONDS)
        with pytest.raises(NotFound):
            driver.add_to_aggregate('99999', other, timeout=SECONDS)
    finally:
        peer.aggregate('contract-c')
