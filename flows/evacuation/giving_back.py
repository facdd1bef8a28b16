"""Giving back the reserved hosts of a recovery that ends, or waits, before its last steps."""

from __future__ import annotations

from flows.evacuation.reserve import Reserve
from flows.evacuation.spare_calls import Tools
from flows.stop import Waiting


def give_back_all(tools: Tools) -> None:
    """Every spare in hand is reserved again, or stays in service. Raises Waiting."""
    reserve = Reserve(tools, aggregates=False)
    for spare in reserve.in_hand():
        reserve.give_back(spare)


def give_back_empty(tools: Tools) -> bool:
    """Every spare that nothing came to is reserved again; where Nova does not say, that is told.

    Returns whether Nova said it of all: if not, it has to be looked at again.
    """
    reserve, said = Reserve(tools, aggregates=False), True
    for spare in reserve.in_hand():
        try:
            reserve.give_back_empty(spare)
        except Waiting as wait:  # what it is about to wait for matters more
            tools.ledger.event(f'reserved host {spare.host} stays in service for now', wait.reason)
            said = False
    return said
