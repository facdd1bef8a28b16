"""Where one pass of an evacuation aims: at any host, at one spare, or at nobody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flows.evacuation.settle import NO_HOST
from flows.records import Attempt, AttemptState


@dataclass(frozen=True)
class Aim:
    """One pass over the items. What it cannot place, a pass that is not the last leaves pending."""

    spare: str | None = None  #: the one host that is named; None: spread, or the scheduler's choice
    nobody: str = ''  #: why nothing is sent: what was begun before is watched only
    last: bool = True  #: what cannot be placed has failed
    spares: frozenset[str] = frozenset()  #: every spare that the recovery aimed at

    def counts(self, attempt: Attempt) -> bool:
        """Whether an attempt was made with this aim."""
        if self.spare is not None:
            return attempt.target == self.spare
        return attempt.target not in self.spares

    def failures(self, attempts: Iterable[Attempt], round_: int) -> list[Attempt]:
        """The attempts of a round, with this aim, that ended without moving anything."""
        ended = (AttemptState.FAILED, AttemptState.REFUSED)
        return [
            one for one in attempts
            if one.round == round_ and one.state in ended and self.counts(one)
        ]  # fmt: skip

    def spent(self, attempts: Iterable[Attempt], round_: int, limit: int) -> bool:
        """Whether an instance is not to be sent once more with this aim: it was sent so often,
        or Nova refused to send it to the spare at all."""
        found = self.failures(attempts, round_)
        refused = self.spare is not None and any(one.state is AttemptState.REFUSED for one in found)
        failed = [one for one in found if one.state is AttemptState.FAILED]
        return refused or len(failed) >= limit


ANYWHERE = Aim()


def took_not(attempt: Attempt) -> bool:
    """Whether nothing was begun: the scheduler of Nova found that the target does not do."""
    return attempt.state is AttemptState.REFUSED or (
        attempt.state is AttemptState.FAILED and attempt.reason == NO_HOST
    )
