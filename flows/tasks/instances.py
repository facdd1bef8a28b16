"""Steps on the instances of the failed host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver
from drivers.contracts.fencing import FenceDevice, FencePath
from flows.asking import nova
from flows.evacuation import table
from flows.evacuation.aim import ANYWHERE, Aim
from flows.evacuation.assembly import BASELINE, evacuation_of
from flows.evacuation.choice import Choice
from flows.evacuation.listing import Listing, Untrusted, checked
from flows.evacuation.settings import EvacuationSettings
from flows.evacuation.slots import Slots
from flows.fencing.levels import fenced_level
from flows.fencing.readings import all_off, any_on, read_all, sentence
from flows.fencing.watch import PowerWatch
from flows.ports import Claim, Ledger
from flows.records import Item, ItemState, Proof
from flows.stop import BackToFence, Waiting
from flows.tasks.step import Step


def listing_of(
    compute: ComputeDriver,
    host: str,
    *,
    known: frozenset[str],
    timeout: float,
    images: bool = False,
) -> Listing:
    """What is on the host, cross-checked (H2). Raises Waiting when that cannot be trusted."""
    try:
        with nova():
            return checked(compute, host, known=known, timeout=timeout, images=images)
    except Untrusted as error:
        raise Waiting(
            f'the list of instances cannot be trusted: {error}',
            code='list-untrusted',
            verb='recovery doctor',
            again_in=15.0,
        ) from error


class ListInstances(Step):
    """Find out what ran on the host, cross-checked, and decide about each instance by the table.

    Nothing to undo: it only reads and records.
    """

    default_provides = 'listed'

    def __init__(
        self, name: str, *, storage: table.Storage, choice: Choice, read_seconds: float
    ) -> None:
        super().__init__(name)
        self._storage = storage
        self._choice = choice
        self._read_seconds = read_seconds

    def execute(
        self, forced_down: dict[str, Any], claim: Claim, ledger: Ledger, compute: ComputeDriver
    ) -> dict[str, Any]:
        self.begin(ledger)
        claim.check()
        items = ledger.items()  # before the list: whatever had moved by now had left the host
        known = frozenset(item.instance for item in items)
        listing = listing_of(
            compute,
            claim.host,
            known=known,
            timeout=self._read_seconds,
            images=self._choice.looks_at_images,
        )
        if BASELINE not in ledger.notes():
            ledger.note(BASELINE, max((one.id for one in listing.migrations), default=0))
        back = ledger.add_items(self._items(listing, claim.host))
        if back:
            what = f'{len(back)} instance(s) of an earlier round are on {claim.host} again'
            ledger.event(what, f'{back[0]} for one')
        self._tell_settled(items, listing, ledger)
        return {'count': len(ledger.items()), 'service': listing.service.id}

    def _tell_settled(self, items: Iterable[Item], listing: Listing, ledger: Ledger) -> None:
        """What a human saw elsewhere may run there, whatever Nova shows: it is not sent (H1)."""
        shown = {instance.id for instance in listing.instances}
        for item in items:
            if item.state is ItemState.MOVED and item.reason and item.instance in shown:
                what = f'{item.name} stays moved, although Nova shows it on {item.source}'
                ledger.event(what, item.reason)

    def _items(self, listing: Listing, host: str) -> list[Item]:
        items = []
        for instance in listing.instances:
            plan = self._choice.plan(instance, listing.migrations, host=host, storage=self._storage)
            items.append(
                Item(
                    instance=instance.id,
                    name=instance.name,
                    source=host,
                    state=ItemState.LEFT if plan.action == 'leave' else ItemState.PENDING,
                    reason=plan.reason if plan.action != 'evacuate' else '',
                    vm_state=instance.vm_state,
                    keep_stopped=plan.keep_stopped,
                    priority=self._choice.priority(instance),
                )
            )
        return items


class Evacuate(Step):
    """Evacuate every pending item while the power is watched; settle what was started before.

    Never undone: an instance that started elsewhere stays there. Loads the fencing proof itself
    and checks that it is of this recovery, round and host; an owner that did not make the proof
    reads OFF twice before it sends anything (H6).
    """

    default_provides = 'evacuated'

    def __init__(
        self,
        name: str,
        *,
        settings: EvacuationSettings,
        storage: table.Storage,
        watch_seconds: float,
        proof_seconds: float,
        confirm_seconds: float,
    ) -> None:
        super().__init__(name)
        self._settings = settings
        self._storage = storage
        self._watch_seconds = watch_seconds
        self._proof_seconds = proof_seconds
        self._confirm_seconds = confirm_seconds

    def execute(
        self,
        proof_id: int,
        listed: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        fence_path: FencePath,
        clock: Clock,
        slots: Slots,
    ) -> dict[str, int]:
        self.begin(ledger)
        return self.send(
            proof_id, ANYWHERE, claim=claim, ledger=ledger, compute=compute, fence_path=fence_path,
            clock=clock, slots=slots,
        )  # fmt: skip

    def send(
        self,
        proof_id: int,
        aim: Aim,
        *,
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        fence_path: FencePath,
        clock: Clock,
        slots: Slots,
    ) -> dict[str, int]:
        """One pass over all items."""
        proof = load_proof(proof_id, claim, ledger, clock)
        watch = PowerWatch(
            devices_of(proof, fence_path, claim, ledger),
            clock=clock,
            by_human=proof.kind == 'human',
            every_seconds=self._watch_seconds,
            fresh_seconds=self._proof_seconds,
        )
        self._prove_again(proof, watch, claim, clock)
        evacuation = evacuation_of(
            claim=claim, ledger=ledger, compute=compute, watch=watch, slots=slots, clock=clock,
            settings=self._settings, storage=self._storage, aim=aim,
            word=proof if proof.kind == 'human' else None,
        )  # fmt: skip
        watching = clock.spawn(f'{claim.actor}/watch', watch.run)
        try:
            return evacuation.run()
        finally:
            watch.end()
            clock.wait(watching)

    def _prove_again(self, proof: Proof, watch: PowerWatch, claim: Claim, clock: Clock) -> None:
        for look in range(1 if proof.epoch == claim.epoch else 2):
            if look:
                clock.wait(None, self._confirm_seconds)
            claim.check()
            watch.look()
            if not watch.fresh():
                raise BackToFence(f'{claim.host} does not read off any more: {watch.last}')


def load_proof(proof_id: int, claim: Claim, ledger: Ledger, clock: Clock) -> Proof:
    """The proof of that id, if it holds here and now.

    :raises BackToFence: it is missing, void, expired, or of another recovery, round or host.
    """
    proof = ledger.proof(proof_id)
    if proof is None:
        raise BackToFence(f'there is no proof {proof_id}')
    if (proof.recovery, proof.round, proof.host) != (claim.recovery_id, claim.round, claim.host):
        raise BackToFence(f'proof {proof_id} was made for something else')
    if proof.void_reason is not None:
        raise BackToFence(f'proof {proof_id} is void: {proof.void_reason}')
    if proof.expires_at is not None and proof.expires_at <= clock.now():
        raise BackToFence(f'the confirmation of {proof.by} expired unused')
    return proof


def devices_of(
    proof: Proof, path: FencePath, claim: Claim, ledger: Ledger
) -> tuple[FenceDevice, ...]:
    """The devices whose readings keep the proof: its level's, or all for a human's word."""
    if proof.kind == 'human':
        return tuple(device for level in path.levels for device in level.devices)
    return fenced_level(path, proof.level, claim=claim, ledger=ledger).devices


def still_off(proof: Proof, path: FencePath, claim: Claim, ledger: Ledger, clock: Clock) -> None:
    """Read the devices of a power proof once. Raises BackToFence unless all read OFF."""
    readings = read_all(devices_of(proof, path, claim, ledger), clock)
    if not all_off(readings):
        raise BackToFence(f'{claim.host} does not read off any more: {sentence(readings)}')


def still_proven(
    proof_id: int, path: FencePath, claim: Claim, ledger: Ledger, clock: Clock
) -> None:
    """Before a spare is opened, maybe hours after the proof: it stands, and the host is off.

    :raises BackToFence: it does not, or the host is on.
    """
    proof = load_proof(proof_id, claim, ledger, clock)
    if proof.kind == 'power':
        still_off(proof, path, claim, ledger, clock)
    elif any_on(readings := read_all(devices_of(proof, path, claim, ledger), clock)):
        raise BackToFence(f'{claim.host} is on again: {sentence(readings)}')
