"""The conductor: takes jobs off the board, wins their rows, runs them side by side."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from taskflow.conductors import base

from drivers.contracts.clock import Clock
from flows.stop import ClaimLost, Released, StoreAway
from recovery.board.boards import Board, BoardAway, Posting
from recovery.board.books import UnknownFlow
from recovery.board.outcome import conclude
from recovery.board.run import Run
from recovery.claims.claim import Claim
from recovery.db.store import Store

LOG = logging.getLogger(__name__)

GIVE_UP_SHARE = 0.1  # of the time to stop: left for what hangs
STRANGE_SECONDS = 60.0  # a flow that we cannot build is not looked at again for so long


class RecoveryConductor(base.Conductor):
    """TaskFlow's conductor with our rules: the row decides, the board only delivers.

    :param equip: what the steps of a claimed recovery take: drivers and ports. May raise Stop.
    :param builder: the flow builder of a failure kind. Raises LookupError for an unknown one.
    :param may_claim: whether this worker should run the recovery of that host at all.
    :param ready: IDs of recoveries that want a worker, read from the database: the way on when
        the board is away.
    """

    def __init__(
        self,
        name: str,
        board: Board,
        store: Store,
        *,
        lease: float,
        at_once: int,
        claims: int,
        equip: Callable[[Claim], Mapping[str, Any]],
        builder: Callable[[str], Callable[..., Any]],
        may_claim: Callable[[str], bool],
        ready: Callable[[], Iterable[str]],
    ) -> None:
        super().__init__(name, board)
        self._board = board
        self._store = store
        self._clock: Clock = store.clock
        self._lease = lease
        self._at_once = at_once
        self._claims = claims
        self._equip = equip
        self._builder = builder
        self._may_claim = may_claim
        self._ready = ready
        self._lock = threading.Lock()
        self._running: dict[str, tuple[Claim, threading.Event]] = {}
        self._strange: dict[str, float] = {}
        self._stopping = threading.Event()

    # --- what the worker asks -----------------------------------------------------------------

    def claimed(self) -> tuple[Claim, ...]:
        """The claims that are held right now."""
        with self._lock:
            return tuple(claim for claim, _ended in self._running.values())

    def run(self, max_dispatches: int | None = None) -> None:
        """Look at the board once and start what can be started."""
        for posting in self._offered():
            if self._stopping.is_set() or len(self.claimed()) >= self._at_once:
                return
            self._dispatch_job(posting)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every run has ended. Whether they have."""
        with self._lock:
            running = [ended for _claim, ended in self._running.values()]
        for ended in running:
            self._clock.wait(ended, timeout)
        return all(ended.is_set() for ended in running)

    def let_go(self, why: str) -> None:
        """Have every run let go at its next step, as a stop would; others may take them."""
        for claim in self.claimed():
            claim.stop(Released(why))

    def stop(self, seconds: float) -> bool:
        """Let go of everything, as a crash would, but without waiting for a lease (SIGTERM).

        Returns whether every run ended within that many seconds, or could be let go although it
        hangs in a question. What may be changing something outside keeps its claim: another
        worker takes it over when its lease is over.
        """
        self._stopping.set()
        end = self._clock.elapsed() + seconds
        with self._lock:
            running = list(self._running.values())
        for claim, _ended in running:
            claim.stop(Released('the worker was told to stop'))
        last = end - GIVE_UP_SHARE * seconds
        for _claim, ended in running:
            self._clock.wait(ended, max(0.0, last - self._clock.elapsed()))
        kept = [ended for claim, ended in running if not ended.is_set() and not _given_up(claim)]
        for ended in kept:
            self._clock.wait(ended, max(0.0, end - self._clock.elapsed()))
        return all(ended.is_set() for ended in kept)

    # --- one job ------------------------------------------------------------------------------

    def _offered(self) -> list[Posting | str]:
        try:
            return list(self._board.jobs())
        except BoardAway as away:
            LOG.warning('the board is away, reading the database instead: %s', away)
            return list(self._ready())

    def _dispatch_job(self, job: Posting | str) -> None:
        recovery_id = job if isinstance(job, str) else job.recovery
        if self._strange.get(recovery_id, 0.0) > self._clock.elapsed():
            return
        if not self._may_claim(recovery_id):
            return
        if not self._taken(job):
            return
        claim = Claim.win(self._store, recovery_id, worker=self._name, lease=self._lease)
        if isinstance(job, Posting):
            self._consume(job)
        if claim is not None:
            self._start(claim)

    def _taken(self, job: Posting | str) -> bool:
        if isinstance(job, str):
            return True
        try:
            return self._board.claim(job)
        except BoardAway as away:
            LOG.warning('%s: the board went away: %s', job.recovery, away)
            return False

    def _consume(self, job: Posting) -> None:
        try:
            self._board.consume(job)
        except BoardAway as away:  # the row is won or lost whatever the board says
            LOG.warning('%s: the board went away: %s', job.recovery, away)

    def _start(self, claim: Claim) -> None:
        begin = threading.Event()

        def body() -> None:
            self._clock.wait(begin)
            try:
                self._run_claim(claim)
            finally:
                with self._lock:
                    self._running.pop(claim.recovery_id, None)

        ended = self._clock.spawn(claim.actor, body)
        with self._lock:
            self._running[claim.recovery_id] = (claim, ended)
        begin.set()

    def _run_claim(self, claim: Claim) -> None:
        LOG.info('%s %s: claimed, epoch %d', claim.host, claim.recovery_id, claim.epoch)
        try:
            state = conclude(claim, lambda row: self._make(claim, row), claims=self._claims)
        except UnknownFlow as unknown:
            LOG.warning('%s: %s', claim.recovery_id, unknown)
            self._strange[claim.recovery_id] = self._clock.elapsed() + STRANGE_SECONDS
            return
        LOG.info('%s %s: %s', claim.host, claim.recovery_id, state or 'let go')

    def _make(self, claim: Claim, row: Mapping[str, Any]) -> Run:
        try:
            builder = self._builder(row['kind'])
        except LookupError as error:
            raise UnknownFlow(str(error)) from error
        return Run(claim, row, builder, self._equip(claim))


def _given_up(claim: Claim) -> bool:
    try:
        return claim.give_up('the worker was told to stop')
    except (ClaimLost, StoreAway) as stop:
        LOG.warning('%s: %s', claim.recovery_id, stop.reason)
        return False
