"""A flow of two steps that do what a test says, with the machinery that runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from taskflow.patterns.graph_flow import Flow
from taskflow.task import Task

from recovery.board.outcome import conclude
from recovery.board.run import Run, read_row
from recovery.claims.claim import Claim
from tests.unit.recovery.claims.scene import Scene

ARGUMENTS = {'size': 2}


@dataclass
class Play:
    """What the steps do, and what they did."""

    at: dict[str, Callable[[], Any]] = field(default_factory=dict)
    did: list[str] = field(default_factory=list)

    def step(self, name: str) -> str:
        self.did.append(name)
        return str(self.at.get(name, lambda: name)())


class First(Task):
    default_provides = 'first'

    def execute(self, play: Play) -> str:
        return play.step('first')

    def revert(self, play: Play, **_kwargs: Any) -> None:
        play.step('-first')


class Second(Task):
    default_provides = 'second'

    def execute(self, first: str, play: Play) -> str:
        return play.step('second')

    def revert(self, play: Play, **_kwargs: Any) -> None:
        play.step('-second')


def build(*, size: int) -> Flow:
    return Flow('toy').add(First('first'), Second('second'))


def build_v2(*, size: int) -> Flow:
    """Another version of the same."""
    return Flow('toy').add(First('first'))


class Killed(BaseException):
    """The process ends here."""


def kill() -> None:
    raise Killed


def raising(error: BaseException) -> Callable[[], Any]:
    """A step that raises."""

    def step() -> Any:
        raise error

    return step


@dataclass
class Theatre:
    """Recoveries that run toys."""

    here: Scene
    play: Play = field(default_factory=Play)

    def claimed(self) -> Claim:
        return self.here.win(self.here.recovery(arguments=ARGUMENTS))

    def run(self, claim: Claim, builder: Callable[..., Flow] = build) -> Run:
        return Run(claim, read_row(claim), builder, {'play': self.play})

    def conclude(self, claim: Claim, claims: int = 10) -> str:
        def make(row: Mapping[str, Any]) -> Run:
            return Run(claim, row, build, {'play': self.play})

        return conclude(claim, make, claims=claims)

    def died(self, claim: Claim) -> Claim:
        """The worker died, its lease is over, and another one has it."""
        self.here.change(claim.recovery_id, token=None, state='ready')
        return self.here.win(claim.recovery_id, 'w2')
