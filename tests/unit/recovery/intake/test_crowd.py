"""One of many asks; a peer that never answers keeps one of them waiting, and nobody else for
long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from drivers.contracts.clock import Clock
from drivers.contracts.errors import DriverError, NotFound, Refused, Unreachable
from drivers.simulated.clock import VirtualClock
from recovery.intake.crowd import KEEP_SECONDS, PATIENCE_SECONDS, Crowd

HANGS = 20.0


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    clock = VirtualClock()
    yield clock
    clock.close()


class Peer:
    """Answers, or does not, after a while."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.asked = 0
        self.seconds = 1.0
        self.error: Exception | None = None

    def look(self) -> int:
        self.asked += 1
        number = self.asked
        self._clock.wait(None, self.seconds)
        if self.error is not None:
            raise self.error
        return number

    def hang(self) -> None:
        self.seconds, self.error = HANGS, Unreachable('nothing came')


@pytest.fixture
def peer(clock: VirtualClock) -> Peer:
    return Peer(clock)


def together(clock: Clock, *asks: Callable[[], Any]) -> list[tuple[Any, float]]:
    """What each of them got, and after how many seconds; in their order."""
    found: list[tuple[Any, float]] = [(None, 0.0)] * len(asks)
    began = clock.elapsed()

    def run(number: int) -> None:
        try:
            got = asks[number]()
        except Exception as error:
            got = error
        found[number] = got, clock.elapsed() - began

    ended = [clock.spawn(f'a{number}', lambda number=number: run(number))  # type: ignore[misc]
             for number in range(len(asks))]  # fmt: skip
    assert all(clock.wait(one, 100.0) for one in ended)
    return found


def test_who_asks_the_same_shares_the_answer(clock: VirtualClock, peer: Peer) -> None:
    crowd = Crowd('Nova', clock)
    assert together(clock, *[lambda: crowd.ask('q', peer.look)] * 30) == [(1, 1.0)] * 30
    assert crowd.ask('q', peer.look) == 2, 'an answer is kept for nobody who comes later'


def test_who_asks_something_else_asks_himself(clock: VirtualClock, peer: Peer) -> None:
    crowd = Crowd('Nova', clock)
    asks = [lambda name=name: crowd.ask(name, peer.look) for name in 'abc']
    assert sorted(together(clock, *asks)) == [(1, 1.0), (2, 1.0), (3, 1.0)]


@pytest.mark.parametrize('error', [NotFound('none', status=404), Unreachable('503')])
def test_a_failure_is_shared_likewise(clock: VirtualClock, peer: Peer, error: DriverError) -> None:
    crowd, peer.error = Crowd('Nova', clock), error
    found = together(clock, *[lambda: crowd.ask('q', peer.look)] * 3)
    assert [(type(one), str(one), seconds) for one, seconds in found] == [
        (type(error), str(error), 1.0)
    ] * 3
    assert peer.asked == 1
    peer.error = None
    assert crowd.ask('q', peer.look) == 2, 'what failed quickly is asked again at once'


def test_a_refusal_keeps_its_status(clock: VirtualClock, peer: Peer) -> None:
    crowd, peer.error = Crowd('Nova', clock), Refused('no', status=409, request_id='req-1')
    for one, _ in together(clock, *[lambda: crowd.ask('q', peer.look)] * 2):
        assert (one.status, one.request_id) == (409, 'req-1')


def test_one_waits_for_a_peer_that_never_answers_and_the_others_for_a_while(
    clock: VirtualClock, peer: Peer
) -> None:
    crowd = Crowd('Nova', clock)
    peer.hang()
    found = together(clock, *[lambda: crowd.ask('q', peer.look)] * 30)
    assert found[0][1] == HANGS
    assert {seconds for _, seconds in found[1:]} == {PATIENCE_SECONDS}
    assert all(isinstance(one, Unreachable) for one, _ in found)
    assert str(found[1][0]) == 'Nova has not answered another request for 5 s'
    assert peer.asked == 1


def test_who_comes_then_waits_for_nothing(clock: VirtualClock, peer: Peer) -> None:
    crowd = Crowd('Nova', clock)
    peer.hang()

    def late(seconds: float) -> Callable[[], Any]:
        def ask() -> Any:
            clock.wait(None, seconds)
            return crowd.ask(f'q{seconds}', peer.look)

        return ask

    moments = (PATIENCE_SECONDS, HANGS - 1, HANGS + 1, HANGS + KEEP_SECONDS - 0.5)
    first, *others = together(clock, late(0.0), *map(late, moments))
    assert first[1] == HANGS
    assert [seconds for _, seconds in others] == list(moments)
    assert str(others[-1][0]) == 'nothing came (asked 4 s ago)'
    assert peer.asked == 1


def test_then_one_asks_again_for_all(clock: VirtualClock, peer: Peer) -> None:
    crowd = Crowd('Nova', clock)
    peer.hang()
    together(clock, lambda: crowd.ask('q', peer.look))
    clock.wait(None, KEEP_SECONDS)
    found = together(clock, *[lambda: crowd.ask('q', peer.look)] * 30)
    assert [seconds for _, seconds in found] == [HANGS] + [0.0] * 29
    assert peer.asked == 2
    clock.wait(None, KEEP_SECONDS)
    peer.seconds, peer.error = 1.0, None
    assert crowd.ask('q', peer.look) == 3
    assert [one for one, _ in together(clock, *[lambda: crowd.ask('q', peer.look)] * 2)] == [4, 4]


def test_one_question_that_takes_long_keeps_nobody_from_a_peer_that_answers(
    clock: VirtualClock, peer: Peer
) -> None:
    crowd, slow = Crowd('Nova', clock), Peer(clock)
    slow.hang()

    def others() -> list[int]:
        found = []
        for _ in range(15):
            clock.wait(None, 1.0)
            found.append(crowd.ask('other', peer.look))
        return found

    _, (found, _) = together(clock, lambda: crowd.ask('slow', slow.look), others)
    assert found == list(range(1, 16))


def test_whoever_asks_and_is_interrupted_leaves_nobody_waiting(
    clock: VirtualClock, peer: Peer
) -> None:
    crowd, peer.error = Crowd('Nova', clock), ZeroDivisionError('a mistake of ours')
    first, second = together(clock, *[lambda: crowd.ask('q', peer.look)] * 2)
    assert isinstance(first[0], ZeroDivisionError)
    assert isinstance(second[0], Unreachable)
    assert second[1] == 1.0
    peer.error = None
    assert crowd.ask('q', peer.look) == 2
