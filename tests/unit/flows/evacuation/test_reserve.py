"""Reserved hosts: one that Nova does not show is not one that cannot be used."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.contracts.compute import Capacity, Instance, Service
from drivers.simulated.clock import VirtualClock
from flows.evacuation.reserve import Reserve
from flows.evacuation.spare_calls import Tools
from flows.records import Spare
from flows.stop import Waiting
from tests.unit.flows.evacuation.cloud import Cloud
from tests.unit.flows.made import SOURCE, instance, service

SPARE = 'compute-08'


class Reserved:
    """One reserved host, and who has taken it."""

    def __init__(self) -> None:
        self.taken: tuple[Spare, ...] = ()

    def mine(self) -> tuple[Spare, ...]:
        return self.taken

    def reserved(self) -> tuple[str, ...]:
        return (SPARE,)

    def unfit(self, host: str) -> str:
        return ''

    def take(self, host: str) -> str:
        return 'another recovery took it'


class Told:
    """A claim that is ours, and a ledger that only listens."""

    host = SOURCE

    def __init__(self) -> None:
        self.said: list[str] = []

    def check(self) -> None:
        pass

    def event(self, what: str, why: str = '') -> None:
        self.said.append(f'{what}: {why}')


class Room(Cloud):
    def capacities(self, *, timeout: float) -> tuple[Capacity, ...]:
        return ()


def reserve(*services: Service) -> tuple[Reserve, Told, Reserved]:
    cloud, told, spares = Room(), Told(), Reserved()
    cloud.services_ = [(service(), *services)]
    parts: Any = (told, told, spares, cloud, VirtualClock(), 5.0, 5.0)
    return Reserve(Tools(*parts), aggregates=False), told, spares


def all_want(_host: str) -> list[Instance]:
    return [instance()]


def test_a_spare_whose_cell_does_not_answer_is_waited_for() -> None:
    reserved, told, _spares = reserve(service(SPARE, state='unknown'))
    with pytest.raises(Waiting, match=f'the cell of {SPARE} does not answer') as waits:
        reserved.take(all_want)
    assert (waits.value.code, waits.value.again_in) == ('nova-away', 15.0)
    assert told.said == [
        f'reserved host {SPARE} is passed over: the cell of {SPARE} does not answer'
    ]


def test_it_is_passed_over_where_another_way_is_left() -> None:
    reserved, _told, _spares = reserve(service(SPARE, state='unknown'))
    assert reserved.take(all_want, sure=False) is None


def test_one_in_hand_is_not_given_back_for_that() -> None:
    reserved, told, spares = reserve(service(SPARE, state='unknown'))
    spares.taken = (Spare(SPARE, 'taken', (), 1.0),)
    with pytest.raises(Waiting, match='does not answer'):
        reserved.take(all_want)
    assert told.said == []


def test_a_spare_that_nova_does_not_have_is_a_definite_no() -> None:
    reserved, told, _spares = reserve()
    assert reserved.take(all_want) is None
    assert 'Nova lists no nova-compute service' in told.said[0]
