"""The conductor: the row decides, the board only delivers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from recovery.board.boards import Board, BoardAway, open_board
from recovery.board.conductor import STRANGE_SECONDS, RecoveryConductor
from recovery.claims.claim import Claim
from recovery.conf import board as board_options
from recovery.db import states, tables
from tests.unit.recovery.board import toys
from tests.unit.recovery.board.toys import Theatre
from tests.unit.recovery.claims.scene import LEASE


class Options:
    """[board], as it is by default."""

    driver = 'sql'
    name = 'recovery'


class Crew:
    """One worker's conductor with its board, and what it was given."""

    def __init__(self, theatre: Theatre, name: str = 'w1', **changed: Any) -> None:
        self.here, self.play, self.name = theatre.here, theatre.play, name
        self.may = True
        self.known: dict[str, Callable[..., Any]] = {'host-down': toys.build}
        self.board: Board = open_board(Options, self.here.store, self.here.clock, name)
        self.asked: list[str] = []
        values: dict[str, Any] = {'lease': LEASE, 'at_once': 4, 'claims': 10} | changed
        self.conductor = RecoveryConductor(
            name,
            self.board,
            self.here.store,
            equip=self.equip,
            builder=self.builder,
            may_claim=lambda recovery: self.may,
            ready=self.ready,
            **values,
        )

    def equip(self, claim: Claim) -> Mapping[str, Any]:
        return {'play': self.play}

    def builder(self, kind: str) -> Callable[..., Any]:
        return self.known[kind]

    def ready(self) -> list[str]:
        self.asked.append('database')
        query = sa.select(tables.recovery.c.id).where(tables.recovery.c.state == states.READY)
        with self.here.store.read() as connection:
            return list(connection.execute(query).scalars())

    def look(self, times: int = 1) -> None:
        """Look, and let what was started run to where it waits."""
        for _ in range(times):
            ended = self.here.clock.spawn(self.name, self.conductor.run)
            self.here.clock.wait(ended)
            self.here.pass_(0.1)

    def offer(self) -> str:
        recovery = self.here.recovery(f'c{len(self.here.rows(tables.recovery))}',
                                      arguments=toys.ARGUMENTS)  # fmt: skip
        self.board.post(recovery)
        return recovery

    def state(self, recovery: str) -> str:
        return str(self.here.row(recovery)['state'])


@pytest.fixture
def crew(theatre: Theatre) -> Crew:
    return Crew(theatre)


def away(*_arguments: Any, **_more: Any) -> Any:
    raise BoardAway('the board: connection refused')


def hold(crew: Crew) -> threading.Event:
    """Make the first step wait, checking for stops as real ones do."""
    event = threading.Event()

    def step() -> None:
        while not crew.here.clock.wait(event, 1.0):
            for claim in crew.conductor.claimed():
                claim.check()

    crew.play.at['first'] = step
    return event


def test_what_the_board_offers_is_run_and_taken_off(crew: Crew) -> None:
    recovery = crew.offer()
    crew.look()
    assert crew.state(recovery) == 'done'
    assert crew.board.posted() == frozenset()
    assert crew.conductor.claimed() == ()
    assert crew.play.did == ['first', 'second']


def test_the_job_is_consumed_as_soon_as_the_row_is_won(crew: Crew) -> None:
    event, recovery = hold(crew), crew.offer()
    crew.look()
    assert (crew.state(recovery), crew.board.posted()) == ('running', frozenset())
    assert [claim.recovery_id for claim in crew.conductor.claimed()] == [recovery]
    event.set()
    crew.here.pass_(2)
    assert crew.state(recovery) == 'done'


@pytest.mark.parametrize('state', ['running', 'waiting', 'done'])
def test_a_stale_job_is_taken_off_and_not_run(crew: Crew, state: str) -> None:
    recovery = crew.offer()
    crew.here.change(recovery, state=state)
    crew.look()
    assert (crew.state(recovery), crew.play.did) == (state, [])
    assert crew.board.posted() == frozenset()


def test_a_job_given_out_twice_is_run_once(theatre: Theatre) -> None:
    """A board that was wiped, or that hands a job to two workers, doubles nothing (H9)."""
    first, second = Crew(theatre, 'w1'), Crew(theatre, 'w2')
    event, recovery = hold(first), first.offer()
    first.look()
    second.board.post(recovery)
    second.look()
    assert second.conductor.claimed() == ()
    assert len(first.conductor.claimed()) == 1
    event.set()
    first.here.pass_(2)
    assert first.play.did == ['first', 'second']


def test_a_job_that_another_worker_holds_is_left(theatre: Theatre) -> None:
    first, second = Crew(theatre, 'w1'), Crew(theatre, 'w2')
    recovery = first.offer()
    (posting,) = first.board.jobs()
    assert first.board.claim(posting)
    second.look()
    assert second.state(recovery) == 'ready'
    theatre.here.pass_(6)  # w1 died before it won the row
    second.look()
    assert second.state(recovery) == 'done'


class TestBoardAway:
    def test_the_database_says_what_wants_a_worker(
        self, crew: Crew, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        recovery = crew.offer()
        monkeypatch.setattr(crew.board, 'jobs', away)
        crew.look()
        assert crew.asked == ['database']
        assert crew.state(recovery) == 'done'

    def test_while_it_is_there_the_database_is_not_asked(self, crew: Crew) -> None:
        crew.offer()
        crew.look()
        assert crew.asked == []

    def test_as_a_job_is_claimed(self, crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
        recovery = crew.offer()
        with monkeypatch.context() as patch:
            patch.setattr(crew.board, 'claim', away)
            crew.look()
        assert crew.state(recovery) == 'ready'
        crew.look()
        assert crew.state(recovery) == 'done'

    def test_as_a_job_is_consumed(self, crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
        """The row is won whatever the board says; the job that stays is stale."""
        recovery = crew.offer()
        with monkeypatch.context() as patch:
            patch.setattr(crew.board, 'consume', away)
            crew.look()
        assert crew.state(recovery) == 'done'
        crew.here.pass_(6)
        crew.look()
        assert crew.board.posted() == frozenset()
        assert crew.play.did == ['first', 'second']


class TestSideBySide:
    def test_as_many_as_are_allowed(self, theatre: Theatre) -> None:
        crew = Crew(theatre, at_once=2)
        event = hold(crew)
        offered = [crew.offer() for _ in range(3)]
        crew.look()
        assert [crew.state(one) for one in offered] == ['running', 'running', 'ready']
        crew.look(3)
        assert crew.state(offered[2]) == 'ready'
        event.set()
        crew.here.pass_(2)
        crew.look()
        assert [crew.state(one) for one in offered] == ['done'] * 3

    def test_wait_tells_whether_all_have_ended(self, crew: Crew) -> None:
        event = hold(crew)
        crew.offer()
        crew.look()
        assert not crew.conductor.wait(1.0)
        event.set()
        assert crew.conductor.wait(5.0)


def test_a_worker_that_should_not_leaves_it_to_others(theatre: Theatre) -> None:
    own, other = Crew(theatre, 'w1'), Crew(theatre, 'w2')
    own.may = False
    recovery = own.offer()
    own.look()
    assert own.state(recovery) == 'ready'
    assert own.board.posted() == {recovery}
    other.look()
    assert own.state(recovery) == 'done'


class TestStrange:
    """H20: an installation that cannot build a flow leaves it to one that can."""

    def test_it_is_left_and_not_looked_at_for_a_while(self, crew: Crew) -> None:
        crew.known.clear()
        recovery = crew.offer()
        crew.look()
        row = crew.here.row(recovery)
        assert (row['state'], row['claims'], row['token']) == ('ready', 0, None)
        crew.board.post(recovery)
        crew.look(3)
        assert crew.here.row(recovery)['epoch'] == 1
        assert crew.board.posted() == {recovery}
        crew.here.pass_(STRANGE_SECONDS)
        crew.known['host-down'] = toys.build
        crew.look()
        assert crew.state(recovery) == 'done'

    def test_another_worker_runs_it(self, theatre: Theatre) -> None:
        old, new = Crew(theatre, 'w1'), Crew(theatre, 'w2')
        old.known.clear()
        recovery = old.offer()
        old.look()
        old.board.post(recovery)
        new.look()
        assert new.state(recovery) == 'done'

    def test_others_are_not_kept_from_it(self, crew: Crew) -> None:
        crew.known = {'host-drain': toys.build}
        crew.offer()
        good = crew.here.recovery('c9', kind='host-drain', arguments=toys.ARGUMENTS)
        crew.board.post(good)
        crew.look()
        assert crew.state(good) == 'done'


class TestStop:
    def test_everything_is_let_go_within_seconds(self, crew: Crew) -> None:
        hold(crew)
        offered = [crew.offer(), crew.offer()]
        crew.look()
        began = crew.here.clock.elapsed()
        assert crew.conductor.stop(10.0)
        assert crew.here.clock.elapsed() - began <= 1.0
        assert [crew.state(one) for one in offered] == ['ready', 'ready']
        assert [crew.here.row(one)['claims'] for one in offered] == [0, 0]

    def test_what_hangs_in_a_question_is_let_go_all_the_same(self, crew: Crew) -> None:
        event = threading.Event()
        crew.play.at['first'] = lambda: crew.here.clock.wait(event)
        recovery = crew.offer()
        crew.look()
        assert crew.conductor.stop(10.0)
        assert (crew.state(recovery), crew.here.row(recovery)['claims']) == ('ready', 0)
        event.set()

    def test_what_may_be_changing_something_keeps_its_claim(self, crew: Crew) -> None:
        event = threading.Event()

        def call() -> None:
            (claim,) = crew.conductor.claimed()
            with claim.outside():
                crew.here.clock.wait(event)

        crew.play.at['first'] = call
        recovery = crew.offer()
        crew.look()
        began = crew.here.clock.elapsed()
        assert not crew.conductor.stop(10.0)
        assert crew.here.clock.elapsed() - began == pytest.approx(10.0)
        assert crew.state(recovery) == 'running'
        event.set()

    def test_nothing_is_begun_any_more(self, crew: Crew) -> None:
        assert crew.conductor.stop(1.0)
        recovery = crew.offer()
        crew.look()
        assert crew.state(recovery) == 'ready'


def test_the_options_of_the_tests_are_those_of_the_product() -> None:
    defaults = {option.dest: option.default for option in board_options.OPTIONS}
    assert (Options.driver, Options.name) == (defaults['driver'], defaults['name'])
