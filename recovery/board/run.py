"""Running one claimed recovery: first run, resume after a crash and continuing after a wait are
the same thing, loading the book of the round and letting the engine go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from taskflow import engines, states
from taskflow.engines.action_engine import engine as _engine  # noqa: F401 - loaded in time
from taskflow.persistence import models

from flows.evacuation.giving_back import give_back_all, give_back_empty
from flows.evacuation.spare_calls import Tools
from flows.stop import NotNeeded
from recovery.board.books import open_book
from recovery.board.narration import narrate
from recovery.board.persistence import BookPersistence
from recovery.claims.claim import Claim
from recovery.db.tables import recovery as table

LOG = logging.getLogger(__name__)
FINISHED = frozenset({states.SUCCESS})
BROKEN = frozenset({states.FAILURE, states.REVERTED})  # running these again would start them anew


class FlowFailed(Exception):
    """A step raised something that is no Stop. The message says which and what."""


class Run:
    """One claim's run of the recovery's flow.

    :param builder: of the recovery's kind, for a round that has no book yet.
    :param tools: what the steps take besides each other's results: claim, ledger, drivers.
        Never stored.
    """

    def __init__(
        self,
        claim: Claim,
        row: Mapping[str, Any],
        builder: Callable[..., Any],
        tools: Mapping[str, Any],
    ) -> None:
        self._claim = claim
        self._tools = dict(tools)
        self._persistence = BookPersistence(claim.store, claim)
        self._arguments: Mapping[str, Any] = row['arguments']
        self._detail = open_book(self._persistence, claim, builder, row)

    def forward(self) -> None:
        """Go on to the end.

        :raises FlowFailed: now, or in an earlier run whose end was not recorded.
        :raises flows.stop.NotNeeded: the failure is over.
        :raises flows.stop.Stop: the step is left as it is.
        """
        if self._detail.state in FINISHED:
            return
        if self._detail.state in BROKEN:
            raise self._failure()
        engine = self._load(never_resolve=True)
        try:
            engine.run()
        except NotNeeded:
            raise
        except Exception as error:
            LOG.exception('recovery %s: a step failed', self._claim.recovery_id)
            raise FlowFailed(f'{type(error).__name__}: {error}') from error

    def undo(self) -> None:
        """Revert every step. Only while the line is not crossed.

        Also the steps that this round has not begun: an earlier round may have, and a step takes
        back only what intents of ours show. An engine with nothing to revert would go forward.
        """
        if self._detail.state == states.REVERTED:
            return  # loading it would set every step back, to be run anew
        engine = self._load(never_resolve=False)
        storage = engine.storage
        for name in _atoms(engine):
            if storage.get_atom_state(name) == states.PENDING:
                storage.save(name, None)  # as if it were done: the engine reverts no other
            storage.set_atom_intention(name, states.REVERT)
        try:
            engine.run()
        except Exception:
            # TaskFlow ends a complete undo by raising the failure that caused it.
            if storage.get_flow_state() != states.REVERTED:
                raise

    def give_back_spares(self) -> None:
        """Before a recovery that took reserved hosts ends without its last steps."""
        give_back_all(self._spare_tools())

    def give_back_empty_spares(self) -> bool:
        """Before a recovery waits that may send nothing to the reserved hosts it took. Returns
        whether that is settled: Nova may be away."""
        return give_back_empty(self._spare_tools())

    def _spare_tools(self) -> Tools:
        ports = ('claim', 'ledger', 'spares', 'compute', 'clock')
        given: dict[str, Any] = {name: self._tools[name] for name in ports}
        seconds = {name: self._arguments[name] for name in ('read_seconds', 'write_seconds')}
        return Tools(**given, **seconds)

    def _load(self, *, never_resolve: bool) -> Any:
        engine = engines.load_from_detail(
            self._detail, backend=self._persistence, engine='serial', never_resolve=never_resolve
        )
        engine.storage.inject(self._tools, transient=True)
        # Two commits of each step for a number that nobody reads: half of all that TaskFlow writes.
        engine.storage.set_task_progress = _no_progress
        engine.compile()
        engine.prepare()
        narrate(engine, self._claim)
        return engine

    def _failure(self) -> Exception:
        failed = (atom.failure for atom in self._detail if isinstance(atom, models.TaskDetail))
        failure = next((one for one in failed if one is not None), None)
        if failure is None:
            return FlowFailed('no word why')
        if failure.check(NotNeeded):
            return NotNeeded(failure.exception_str)
        name = next(iter(failure)).rpartition('.')[-1]
        return FlowFailed(f'{name}: {failure.exception_str}')


def _no_progress(task: str, progress: float, details: Any = None) -> None:
    """What TaskFlow keeps of the progress of a task: nothing."""


def _atoms(engine: Any) -> list[str]:
    graph = engine.compilation.execution_graph
    return [node.name for node in graph if hasattr(node, 'execute')]


def read_row(claim: Claim) -> Mapping[str, Any]:
    """The recovery's row, as it is now."""
    with claim.store.read() as connection:
        query = sa.select(table).where(table.c.id == claim.recovery_id)
        return dict(connection.execute(query).mappings().one())
