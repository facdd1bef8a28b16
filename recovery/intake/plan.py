"""What would happen if a host failed now: the same gates, and nothing is written (S28)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from drivers.contracts.errors import DriverError
from drivers.contracts.fencing import FenceDevice, PowerOn
from flows.evacuation import listing, table
from recovery.db import workers
from recovery.intake import collect
from recovery.intake.arguments import choice_of
from recovery.intake.ask import Ask
from recovery.intake.destinations import Destinations, destinations
from recovery.intake.surroundings import cut_off_others
from recovery.policy import looks, order
from recovery.policy.decide import Decision, decide
from recovery.policy.inputs import Inputs, Missing
from recovery.policy.order import HOST_DOWN, Stage
from recovery.site import Site


@dataclass(frozen=True)
class Planned:
    """One instance, and what would be done with it."""

    instance: str
    name: str
    vm_state: str
    action: str  #: 'evacuate', 'leave' or 'wait'
    reason: str
    priority: int
    target: str | None = None  #: where it could go now; None: nowhere, or it is not evacuated


@dataclass(frozen=True)
class LevelPlan:
    """One level of fencing: all of its devices must read OFF."""

    number: int
    devices: tuple[str, ...]  #: sentences: 'bmc at 10.0.0.1:623: ipmi, 1 attempt within 60 s'


@dataclass(frozen=True)
class Plan:
    """The answer of the gates, and what an admitted recovery would do."""

    host: str
    kind: str
    decision: Decision
    levels: tuple[LevelPlan, ...]
    instances: tuple[Planned, ...] | None  #: None when Nova could not be asked, see warnings
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON carries it."""
        instances = self.instances
        return {
            'host': self.host,
            'kind': self.kind,
            'answer': str(self.decision.word),
            'gate': self.decision.gate,
            'reason': self.decision.answer.reason,
            'verb': self.decision.answer.verb,
            'gates': self.decision.records(),
            'levels': [asdict(level) for level in self.levels],
            'instances': None if instances is None else [asdict(one) for one in instances],
            'warnings': list(self.warnings),
        }


def plan(site: Site, host: str, kind: str = HOST_DOWN) -> Plan:
    """Ask every gate about a host as if its alarm had just come.

    Reads only. Raises StoreAway; what Nova or a device does not answer is said in the plan.
    """
    gates = order.gates(kind, Stage.PLAN)
    inputs = collect.collect(site, Ask(kind, host), order.needs(gates))
    warnings = _own_workers(site, inputs)
    instances: tuple[Planned, ...] | None = None
    if kind == HOST_DOWN and looks.the_service(inputs) is not None:
        try:
            there = destinations(site, inputs)
            instances = _instances(site, inputs, there)
            warnings += [*there.warnings(), *_stranded(there, instances)]
        except (DriverError, listing.Untrusted) as error:
            warnings.append(f'the instances of {host} are not known: {error}')
    known = inputs.devices and not isinstance(inputs.devices, Missing)
    levels = _levels(site, host) if known else ()
    return Plan(host, kind, decide(gates, inputs), levels, instances, tuple(warnings))


def _stranded(there: Destinations, instances: tuple[Planned, ...]) -> list[str]:
    if there.method == 'reserved_host':
        return []  # they wait for a reserved host, and that was said
    found = [one for one in instances if one.action == 'evacuate' and one.target is None]
    if not found:
        return []
    return [
        f'no host has room now for {len(found)} instances, {found[0].name} for one; '
        'Nova may refuse them'
    ]


def _levels(site: Site, host: str) -> tuple[LevelPlan, ...]:
    return tuple(
        LevelPlan(level.number, tuple(_device(one) for one in level.devices))
        for level in site.inventory.path(host).levels
    )


def _device(one: FenceDevice) -> str:
    said = [one.kind]
    if one.by_hand:
        said.append('a human switches it')
    else:
        tries = '1 attempt' if one.attempts == 1 else f'{one.attempts} attempts'
        said.append(f'{tries} within {one.off_timeout:g} s')
    if one.delay:
        said.append(f'{one.delay:g} s after its level begins')
    if one.off_wait:
        said.append(f'OFF for {one.off_wait:g} s before it counts')
    if one.power_on is PowerOn.NEVER:
        said.append('a human switches it on')
    return f'{one.name} at {one.address}: {", ".join(said)}'


def _own_workers(site: Site, inputs: Inputs) -> list[str]:
    others = cut_off_others(site)
    with site.store.read() as connection:
        here, elsewhere = workers.here_and_elsewhere(connection, inputs.subject, inputs.now, others)
    if not here:
        return []
    names = ', '.join(here)
    if elsewhere:
        return [f'{names} runs on this host: another worker takes its recovery']
    return [
        f'every worker that is not cut off runs on this host ({names}): when it dies nobody '
        'recovers it'
    ]


def _instances(site: Site, inputs: Inputs, there: Destinations) -> tuple[Planned, ...]:
    options, timeout = site.conf.evacuation, site.conf.compute.read_seconds
    storage = table.Storage(options.instance_storage == 'shared', options.rebuild_local)
    choice = choice_of(site.conf)
    host = inputs.subject
    images = choice.looks_at_images
    found = listing.checked(site.compute, host, known=frozenset(), timeout=timeout, images=images)
    ranked = sorted(
        found.instances,
        key=lambda one: (-choice.priority(one), one.name, one.id),
    )
    planned = []
    for one in ranked:
        verdict = choice.plan(one, found.migrations, host=host, storage=storage)
        target = there.of(one) if verdict.action == 'evacuate' else None
        rank = choice.priority(one)
        state = one.vm_state
        planned.append(
            Planned(one.id, one.name, state, verdict.action, verdict.reason, rank, target)
        )
    return tuple(planned)
