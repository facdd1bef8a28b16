"""What tasks need from the layer above, as promises: ``recovery`` keeps them.

They reach a task as arguments, by transient injection, like drivers do. All writing happens
through them, and every write proves first that the recovery is still ours: it raises ClaimLost
when it is not, StoreAway when the database does not answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from flows.records import Attempt, Intent, Item, Proof, Spare, Verdict


class Act(Protocol):
    """One call outside, allowed for a limited time."""

    @property
    def timeout(self) -> float:
        """Seconds that the call may take, counted from now. Ask right before the call."""
        ...

    attempt_id: int | None  #: the attempt that was recorded with the intent

    def read_back(self, outcome: str) -> None:
        """Say what was seen after the call; recorded on leaving."""
        ...


class Line(Protocol):
    """The gates of the line, their inputs gathered: asked inside the transaction that records
    the first intent to power off (H17)."""

    def check(self, transaction: Any) -> Verdict:
        """Decide, inside the transaction; nothing is asked outside any more."""
        ...


class Claim(Protocol):
    """The ownership of one recovery."""

    @property
    def recovery_id(self) -> str: ...

    @property
    def host(self) -> str: ...

    @property
    def subject(self) -> str:
        """What failed: the host, or an instance on it."""
        ...

    @property
    def round(self) -> int: ...

    @property
    def epoch(self) -> int: ...

    @property
    def actor(self) -> str:
        """The name below which everything that runs for this claim is spawned."""
        ...

    def check(self) -> None:
        """Raise the Stop that applies, if any: lost, released, cancelled, paused."""
        ...

    def act(
        self,
        action: str,
        target: str,
        *,
        observed: Mapping[str, Any],
        within: float,
        line: Line | None = None,
        attempt_target: str | None = None,
        attempt_after: int | None = None,
        attempt_word: int | None = None,
    ) -> AbstractContextManager[Act]:
        """Guard one call that changes something outside (S7, H9, H10).

        Entering renews the claim, honours pause and cancel, and records the intent, in one
        transaction; for the action 'evacuate' also the attempt, with ``attempt_target`` as the
        named host and ``attempt_after`` as the newest record of Nova that is known for the
        instance, and the item becomes started; ``attempt_word`` is a human proof that has to hold
        now (H7). The call must end within ``Act.timeout``
        seconds, which lie inside the lease. Leaving records what was read back, or the error
        (not for 'evacuate': its end is recorded with :meth:`Ledger.settle`).

        :param target: what is acted on: a device, a service's host, an instance.
        :param observed: small JSON of what was seen just before.
        :param within: seconds that the call needs.
        :raises Waiting: paused, or ``line`` holds.
        :raises BackToFence: the human proof has expired unused, or is void.
        :raises InHands: somebody has the host in hand that the call would bring back into service.
        """
        ...


class Ledger(Protocol):
    """The memory of one recovery. Reads are fresh; each write is one guarded transaction."""

    def intents(self, action: str | None = None) -> tuple[Intent, ...]:
        """Intents of all rounds, oldest first."""
        ...

    def items(self) -> tuple[Item, ...]:
        """Items, in the order in which they are to be evacuated."""
        ...

    def attempts(self) -> tuple[Attempt, ...]:
        """Attempts of all rounds, oldest first."""
        ...

    def doubtful_attempts(self) -> tuple[Attempt, ...]:
        """Attempts of earlier recoveries of this host after which a guest may run somewhere."""
        ...

    def add_items(self, items: Sequence[Item]) -> tuple[str, ...]:
        """Add instances that are not items yet, and begin anew those that ended in an earlier
        round: moved, or left before the host's last return. Returns the names of the latter.

        :param items: what a list shows on the host that was asked for in this round. What a human
            settled stays as it is.
        """
        ...

    def settle(
        self,
        items: Mapping[str, Mapping[str, Any]],
        attempts: Mapping[int, Mapping[str, Any]],
    ) -> None:
        """Change fields of items (by instance) and of attempts (by id) in one transaction.

        :raises ValueError: a transition that the table of states does not allow.
        """
        ...

    def record_proof(self, *, level: int, observations: Sequence[Mapping[str, Any]]) -> Proof:
        """Store a power proof of this recovery, round and host, made now."""
        ...

    def proof(self, proof_id: int) -> Proof | None: ...

    def void_proof(self, proof_id: int, reason: str) -> None: ...

    def confirmation(self) -> Proof | None:
        """The human proof of this round that still stands: not void, not expired."""
        ...

    def extend_confirmation(self, proof_id: int) -> None:
        """The first evacuate was sent: the human proof holds until the recovery ends (H7)."""
        ...

    def proof_of_host(self, host: str, since: float = 0.0, *, after: int = 0) -> Proof | None:
        """The newest proof of another host, made in its own recovery after ``since`` (S1).

        :param since: wall clock, where nothing better is known.
        :param after: the id of a proof.
        """
        ...

    def last_proof(self) -> Proof | None:
        """The newest proof of this host, of either kind, in any recovery."""
        ...

    def hosts_under_recovery(self) -> frozenset[str]:
        """Hosts with a live recovery, ours included, and hosts marked failed (S17); reserved
        hosts, too, and those that other recoveries took (H15)."""
        ...

    def superseded(self) -> frozenset[str]:
        """Recoveries from which this one took the host over."""
        ...

    def device_identities(self) -> Mapping[str, str]:
        """What each device of this host said it was at enrolment, by device name."""
        ...

    def owned_disable(self) -> bool:
        """Whether an intent of a recovery of ours disabled this host, that was enabled before."""
        ...

    def owned_force_down(self) -> bool:
        """Whether an intent of a recovery of ours forced this host down, that was not before."""
        ...

    def leftovers(self) -> tuple[Item, ...]:
        """Items failed or unsettled in the newest host-down recovery of this host."""
        ...

    def left(self) -> tuple[Item, ...]:
        """Items deliberately left in the newest host-down recovery of this host."""
        ...

    def accepted_leftovers(self) -> frozenset[str]:
        """Instances on the host that an operator has seen and accepted (S20)."""
        ...

    def marked_failed(self) -> bool:
        """Whether the host carries that mark: since then its instances were, or are to be,
        evacuated. Without it, what is on the host belongs there."""
        ...

    def mark_failed(self, failed: bool) -> None:
        """Set or clear the mark 'failed by this recovery' on the host (H24)."""
        ...

    def begin(self, phase: str, step: str) -> None:
        """A step of a phase begins, or begins again."""
        ...

    def event(self, what: str, why: str = '') -> None:
        """Add a sentence to the story."""
        ...

    def note(self, name: str, value: Any) -> None:
        """Keep a small JSON value with the recovery, for the report and the bundle."""
        ...

    def notes(self) -> Mapping[str, Any]: ...


class Spares(Protocol):
    """The reserved hosts of a segment, and which of them this recovery has (H15)."""

    def mine(self) -> tuple[Spare, ...]:
        """What this recovery took, in any round, oldest first."""
        ...

    def reserved(self) -> tuple[str, ...]:
        """The reserved hosts of the segment, in the order of their registration."""
        ...

    def unfit(self, host: str) -> str:
        """Why a host cannot be the spare of this recovery now; '' when we know of nothing."""
        ...

    def failed(self, host: str) -> str:
        """Why a host is to be recovered itself; '' when it is not."""
        ...

    def take(self, host: str) -> str:
        """Reserve it for this recovery: from now on its row says so and its flag is gone.

        Returns why not; '' when it is taken.
        """
        ...

    def remember(self, host: str, aggregates: Sequence[str]) -> None:
        """Which aggregates we add it to; recorded before that is done."""
        ...

    def keep(self, host: str) -> None:
        """It stays in service."""
        ...

    def give_back(self, host: str, *, reserved: bool) -> None:
        """It is no spare of ours any more; ``reserved`` once it was proven empty."""
        ...


class Gates(Protocol):
    """The policy, asked again with fresh inputs."""

    def again(self) -> Verdict:
        """All gates, as verify asks them."""
        ...

    def line(self) -> Line:
        """Gather the inputs of the gates of the line."""
        ...

    def device(self) -> Verdict:
        """The gates that ask whose devices they are; recorded if they hold.

        :raises BackToFence: the inventory names other devices than this claim has.
        """
        ...
