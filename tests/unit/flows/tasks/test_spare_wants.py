"""What may still be sent to a spare: an empty list does not say that nothing is left."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.contracts.compute import Instance
from drivers.contracts.errors import NotFound, Unreachable
from drivers.simulated.clock import VirtualClock
from flows.evacuation.spare_calls import Tools
from flows.records import Item, ItemState
from flows.stop import Waiting
from flows.tasks.spare_wants import wanting
from tests.unit.flows.evacuation.cloud import Cloud
from tests.unit.flows.made import SOURCE, VM, instance, item

SPARE = 'compute-08'


class Known:
    """A claim and a ledger of one pending instance, that was never sent."""

    host, round = SOURCE, 1

    def items(self) -> tuple[Item, ...]:
        return (item(state=ItemState.PENDING),)

    def attempts(self) -> tuple[()]:
        return ()


class Hiding(Cloud):
    """Its lists are empty; asked for one instance it answers this."""

    def __init__(self, alone: Instance | Exception) -> None:
        super().__init__()
        self.instances_ = ()
        self._alone = alone

    def instance(self, instance_id: str, *, timeout: float) -> Instance:
        if isinstance(self._alone, Exception):
            raise self._alone
        return self._alone


def wanted(cloud: Cloud) -> list[str]:
    known = Known()
    parts: Any = (known, known, None, cloud, VirtualClock(), 5.0, 5.0)
    return [one.id for one in wanting(Tools(*parts), 1)(SPARE)]


def test_what_the_list_shows_is_not_asked_for_alone() -> None:
    cloud = Cloud()
    assert wanted(cloud) == [VM]
    assert cloud.count('instance') == 0


def test_what_the_list_lacks_and_nova_shows_is_wanted() -> None:
    assert wanted(Hiding(instance())) == [VM]
    assert wanted(Hiding(instance(host=None))) == [VM]


def test_what_is_gone_or_elsewhere_is_not() -> None:
    assert wanted(Hiding(NotFound('there is none'))) == []
    assert wanted(Hiding(instance(host='compute-05'))) == []


def test_unknown_is_not_gone() -> None:
    with pytest.raises(Waiting, match='does not answer'):
        wanted(Hiding(Unreachable('the cell hangs')))
