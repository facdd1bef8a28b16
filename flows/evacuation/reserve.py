"""The reserved hosts of one recovery: taken one at a time, given back when proven empty (H15).

Every step of it may be the last one of a worker: the row of a spare is written before it is
enabled, and what is found in Nova, and in the intents, says how far an earlier owner came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from drivers.contracts.compute import Capacity, Instance, Service
from flows.asking import nova
from flows.evacuation.listing import NotListed, Untrusted, find_service, hypervisor_of
from flows.evacuation.sender import needed
from flows.evacuation.spare_calls import SpareCalls, Tools
from flows.evacuation.table import ENDED
from flows.evacuation.targets import Targets
from flows.records import (
    DISABLE_SPARE,
    ENABLE_SPARE,
    JOIN_AGGREGATE,
    KEPT,
    LEAVE_AGGREGATE,
    OPEN_ATTEMPTS,
    TAKEN,
    AttemptState,
    Spare,
)
from flows.stop import Waiting

DISABLED_TRAIT = 'COMPUTE_STATUS_DISABLED'
READY_SECONDS = 15.0  # a living agent opens its host within one; another spare may be better
POLL_SECONDS = 0.5
RESERVED = 'reserved host'  #: the reason of a disable that had none before we took it


class Reserve(SpareCalls):
    """:param aggregates: add a spare to the aggregates of the failed host."""

    def __init__(self, tools: Tools, *, aggregates: bool) -> None:
        super().__init__(tools)
        self._aggregates = aggregates

    def take(
        self, wanting: Callable[[str], Iterable[Instance]], *, sure: bool = True
    ) -> str | None:
        """A spare that is in service and has room: one in hand, or else the next one.

        :param wanting: the instances that may be sent to a host of that name.
        :param sure: what is sent to no spare is given up: wait for those that Nova does not show.
        :returns: None when there is none; the story says why each was passed over.
        :raises Waiting: Nova, or the cell of a spare, is away, or somebody paused us.
        """
        unknown: list[str] = []
        host = self._take(wanting, unknown)
        if host is None and unknown and sure:
            raise Waiting(unknown[0], code='nova-away', again_in=15.0)
        return host

    def _take(self, wanting: Callable[[str], Iterable[Instance]], unknown: list[str]) -> str | None:
        tools = self._tools
        tools.claim.check()
        with nova():
            capacities = tools.compute.capacities(timeout=tools.read_seconds)
        for spare in tools.spares.mine():
            try:
                why = self._unusable(spare.host, taken=spare)
            except Untrusted as error:  # nor can it be given back
                unknown.append(str(error))
                continue
            why = why or _no_room(spare.host, capacities, wanting(spare.host))
            if not why and self._open(spare):
                return spare.host
            if spare.state == TAKEN and not self._holds(spare.host):
                self.give_back(spare)  # one at a time
        mine = {spare.host for spare in tools.spares.mine() if spare.state == TAKEN}
        for host in tools.spares.reserved():
            if host in mine or host == tools.claim.host:
                continue
            try:
                why = self._unusable(host) or _no_room(host, capacities, wanting(host))
            except Untrusted as error:
                unknown.append(why := str(error))
            why = why or tools.spares.take(host)
            if why:
                tools.ledger.event(f'reserved host {host} is passed over', why)
                continue
            tools.ledger.event(f'reserved host {host} is taken', f'{tools.claim.host} is off')
            spare = next(one for one in tools.spares.mine() if one.host == host)
            if self._open(spare):
                return host
            self.give_back(spare)
        return None

    def in_hand(self) -> tuple[Spare, ...]:
        """Spares that are neither given back nor kept yet."""
        return tuple(one for one in self._tools.spares.mine() if one.state == TAKEN)

    def give_back_empty(self, spare: Spare) -> None:
        """Reserve it again unless something is, or may come to be, on it: then it stays in hand.

        Raises Waiting when Nova does not say.
        """
        if not self._holds(spare.host):
            self.give_back(spare)

    # --- taking -------------------------------------------------------------------------------

    def _unusable(self, host: str, taken: Spare | None = None) -> str:
        """Why it cannot be used, by what we know and by what Nova says; '' when it can.

        Raises Untrusted when Nova does not say.
        """
        why = self._tools.spares.unfit(host)
        if why:
            return why
        tools = self._tools
        try:
            with nova():
                service = find_service(tools.compute, host, timeout=tools.read_seconds)
        except NotListed as error:
            return str(error)
        if service.forced_down:
            return 'it is forced down'
        if service.state != 'up':
            return 'its service is down'
        if taken is not None and not service.enabled and not self._ours_to_enable(taken, service):
            return f'somebody else disabled it: {service.disabled_reason or "no reason given"}'
        return ''

    def _ours_to_enable(self, spare: Spare, service: Service) -> bool:
        """Whether it is disabled because we have not enabled it yet, or disabled it ourselves."""
        changes = [
            one for one in self._changes(spare) if not (one.outcome or '').startswith('refused: ')
        ]
        if spare.state != TAKEN or not changes:
            return spare.state == TAKEN
        last, said = changes[-1], service.disabled_reason
        if said not in {one.observed.get('reason') for one in changes} | {RESERVED}:
            return False  # somebody gave another reason since
        unknown = last.outcome is None or last.outcome.startswith('failed: ')
        return unknown or last.action == DISABLE_SPARE

    def _open(self, spare: Spare) -> bool:
        """Put it into service. False: it does not come."""
        if spare.state == KEPT:
            return True
        if self._aggregates:
            self._join(spare)
        service = self._service(spare.host)
        if not service.enabled:
            self._set(service, ENABLE_SPARE, enabled=True)
        if self._ready(spare.host):
            return True
        why = f'neither enabled nor open in Placement after {READY_SECONDS:g} s'
        self._tools.ledger.event(f'reserved host {spare.host} does not come', why)
        return False

    def _ready(self, host: str) -> bool:
        return self._shows(
            host, lambda service, shut: service.enabled and service.state == 'up' and not shut
        )

    def _shows(self, host: str, wanted: Callable[[Service, bool], bool]) -> bool:
        """Whether it comes to show that in time: its service, and what keeps the scheduler away."""
        tools = self._tools
        end = tools.clock.elapsed() + READY_SECONDS
        with nova():
            provider = hypervisor_of(tools.compute, host, timeout=tools.read_seconds).id
        while True:
            service = self._service(host)
            with nova():
                traits = tools.compute.traits(provider, timeout=tools.read_seconds)
            if wanted(service, DISABLED_TRAIT in traits):
                return True
            tools.claim.check()
            if tools.clock.elapsed() >= end:
                return False
            tools.clock.wait(None, POLL_SECONDS)

    def _join(self, spare: Spare) -> None:
        tools, names = self._tools, set(spare.aggregates)
        with nova():
            every = tools.compute.aggregates(timeout=tools.read_seconds)
        for one in every:
            if tools.claim.host not in one.hosts or spare.host in one.hosts:
                continue
            names.add(one.name)
            tools.spares.remember(spare.host, sorted(names))
            why = self._change(JOIN_AGGREGATE, spare.host, one, tools.compute.add_to_aggregate)
            if why:
                names.discard(one.name)
                tools.spares.remember(spare.host, sorted(names))
                what = f'{spare.host} cannot be added to aggregate {one.name}'
                tools.ledger.event(what, why)

    # --- giving back --------------------------------------------------------------------------

    def give_back(self, spare: Spare) -> bool:
        """Reserve it again if it is proven empty; else it stays in service. Whether it is
        reserved again. Raises Waiting when Nova does not say."""
        tools, host = self._tools, spare.host
        if why := tools.spares.failed(host) or self._shut_by_others(spare):
            tools.spares.give_back(host, reserved=False)
            tools.ledger.event(f'{host} is no reserved host any more', why)
            return False
        holds = self._holds(host)
        if not holds and self._close(spare):
            holds = self._holds(host)  # it landed there before the door was shut
        if holds:
            service, changes = self._service(host), self._changes(spare)
            shut = bool(changes) and changes[-1].action == DISABLE_SPARE  # also by an earlier owner
            if shut and not service.enabled and not tools.spares.unfit(host):
                self._set(service, ENABLE_SPARE, enabled=True)
            tools.spares.keep(host)
            tools.ledger.event(f'{host} stays in service, and is no reserved host any more', holds)
            return False
        self._leave(spare)
        tools.spares.give_back(host, reserved=True)
        tools.ledger.event(f'{host} is a reserved host again', 'nothing runs on it')
        return True

    def _shut_by_others(self, spare: Spare) -> str:
        service = self._service(spare.host)
        said = service.disabled_reason or ''
        if service.enabled or said.startswith('recovery ') or self._ours_to_enable(spare, service):
            return ''
        return f'somebody else disabled it: {said or "no reason given"}'

    def _close(self, spare: Spare) -> bool:
        """Disable it, if it was us who enabled it, and see that nothing new can come to it: a look
        before that says nothing of what comes after. Whether it is disabled by us."""
        changes = [one for one in self._changes(spare) if one.action == ENABLE_SPARE]
        was = next((one for one in changes if not one.observed.get('enabled')), None)
        if was is None:
            return False
        service = self._service(spare.host)
        if service.enabled or (service.disabled_reason or '').startswith('recovery '):
            reason = was.observed.get('reason') or RESERVED
            self._set(service, DISABLE_SPARE, enabled=False, disabled_reason=reason)
        if not self._shows(spare.host, _is_shut):
            raise Waiting(
                f'{spare.host} is to be reserved again, and the scheduler may still use it',
                code='spare-stays',
                verb='recovery doctor',
                again_in=15.0,
            )
        return True

    def _holds(self, host: str) -> str:
        """What is, or may come to be, on a host; '' when it is proven empty."""
        for one in self._tools.ledger.attempts():
            if host not in (one.target, one.destination):
                continue
            if one.state in OPEN_ATTEMPTS:
                return f'an evacuation of {one.instance} to it has not ended'
            unsure = one.destination == host and not one.destination_sure
            if one.state is AttemptState.FAILED and unsure:
                return f'an evacuation of {one.instance} to it was not followed to its end'
        tools, seconds = self._tools, self._tools.read_seconds
        self._service(host)
        with nova():
            provider = hypervisor_of(tools.compute, host, timeout=seconds).id
            instances = tools.compute.instances(host=host, timeout=seconds)
            migrations = tools.compute.migrations(host=host, timeout=seconds)
            consumers = tools.compute.consumers(provider, timeout=seconds)
        self._service(host)  # a cell that hangs lists nothing (H2)
        moving = [one for one in migrations if one.status not in ENDED]
        if instances:
            return f'{len(instances)} instance(s) run there, {instances[0].name} for one'
        if moving:
            return f'a {moving[0].type} that involves it is {moving[0].status}'
        if consumers:
            return f'Placement has {len(consumers)} allocation(s) on it'
        return ''

    def _leave(self, spare: Spare) -> None:
        """Take it out of the aggregates that we added it to, and of no other."""
        tools = self._tools
        spare = next((one for one in tools.spares.mine() if one.host == spare.host), spare)
        if not spare.aggregates:
            return
        with nova():
            every = tools.compute.aggregates(timeout=tools.read_seconds)
        for one in every:
            if one.name in spare.aggregates and spare.host in one.hosts:
                remove = tools.compute.remove_from_aggregate
                self._change(LEAVE_AGGREGATE, spare.host, one, remove)


def _is_shut(service: Service, shut: bool) -> bool:
    return not service.enabled and (shut or service.state != 'up')


def _no_room(host: str, capacities: Iterable[Capacity], wanting: Iterable[Instance]) -> str:
    """Why none of the instances can go there; '' when one can."""
    own = [one for one in capacities if one.host == host]
    if any(Targets(own, ()).choose(**needed(one)) for one in wanting):
        return ''
    return 'it has no room for any instance that is left'
