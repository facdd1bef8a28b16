"""Which instances may still be sent to a reserved host."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from drivers.contracts.compute import Instance
from drivers.contracts.errors import NotFound
from flows.asking import nova
from flows.evacuation.aim import Aim
from flows.evacuation.spare_calls import Tools
from flows.records import ItemState
from flows.tasks.service import service_of


def wanting(tools: Tools, limit: int) -> Callable[[str], Iterable[Instance]]:
    """By host, the instances that wait and were not sent there in vain already."""
    service_of(tools.compute, tools.claim.host, tools.read_seconds)
    with nova():
        known = tools.compute.instances(host=tools.claim.host, timeout=tools.read_seconds)
    service_of(tools.compute, tools.claim.host, tools.read_seconds)  # H2
    attempts = tools.ledger.attempts()
    pending = [one.instance for one in tools.ledger.items() if one.state is ItemState.PENDING]
    shown = {one.id: one for one in known}
    # A list may lack what is there; asked for it alone, a cell that hangs answers with an error.
    waiting = [one for each in pending if (one := shown.get(each) or _there(tools, each))]

    def wants(host: str) -> list[Instance]:
        aim = Aim(spare=host)
        return [
            one for one in waiting
            if not aim.spent(
                (each for each in attempts if each.instance == one.id), tools.claim.round, limit
            )
        ]  # fmt: skip

    return wants


def _there(tools: Tools, instance: str) -> Instance | None:
    """An instance that no list shows, if it is on the host still. Raises Waiting when Nova does
    not say."""
    with nova():
        try:
            found = tools.compute.instance(instance, timeout=tools.read_seconds)
        except NotFound:
            return None
    return found if found.host in (None, tools.claim.host) else None
