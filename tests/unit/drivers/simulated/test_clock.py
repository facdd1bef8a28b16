"""The virtual clock: the same play, every time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from drivers.simulated.clock import ActorFailed, Deadlock, Killed, Overtime, VirtualClock


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    clock = VirtualClock()
    yield clock
    clock.close()


def waits(clock: VirtualClock, event: threading.Event | None, seconds: float | None = None) -> None:
    clock.wait(event, seconds)


def play(seed: int | None) -> tuple[list[str], str]:
    clock = VirtualClock(seed)
    log: list[str] = []

    def worker() -> None:
        stop = threading.Event()

        def beat() -> None:
            while not clock.wait(stop, 0.25):
                log.append(f'{clock.elapsed():.2f} {clock.actor}')

        beating = clock.spawn('beat', beat)
        lanes = [clock.spawn('lane', lambda: lane()) for _ in range(3)]
        for ended in lanes:
            clock.wait(ended)
        stop.set()
        clock.wait(beating)

    def lane() -> None:
        for _ in range(3):
            clock.wait(None, 0.5)
            log.append(f'{clock.elapsed():.2f} {clock.actor} {clock.new_id()}')

    def script() -> None:
        clock.wait(None, 1.1)
        clock.kill('w0')

    for name in ('w0', 'w1'):
        clock.spawn(name, worker)
    clock.spawn('script', script)
    clock.run()
    return log, clock.new_token()


def test_twenty_replays_are_identical() -> None:
    first = play(None)
    assert len(first[0]) > 15
    assert all(play(None) == first for _ in range(20))
    assert play(7) == play(7)


def test_seeds_give_different_orders() -> None:
    assert len({tuple(play(seed)[0]) for seed in range(20)}) == 20


def test_time_moves_only_when_nobody_is_ready(clock: VirtualClock) -> None:
    seen: list[float] = []

    def actor() -> None:
        for _ in range(100):
            clock.wait(None, 0)
        seen.append(clock.elapsed())
        clock.wait(None, 3600)
        seen.append(clock.elapsed())

    clock.spawn('a', actor)
    clock.spawn('b', actor)
    clock.run()
    assert seen == [0.0, 0.0, 3600.0, 3600.0]


def test_an_actor_that_only_yields_does_not_starve_the_others(clock: VirtualClock) -> None:
    done = threading.Event()

    def spins() -> None:
        while not done.is_set():
            clock.wait(None, 0)

    clock.spawn('a', spins)
    clock.spawn('b', done.set)
    clock.run()
    assert clock.elapsed() == 0


def test_wait_returns_whether_the_event_is_set(clock: VirtualClock) -> None:
    event, answers = threading.Event(), list[tuple[bool, float]]()

    def waits() -> None:
        answers.append((clock.wait(event, 1.0), clock.elapsed()))
        answers.append((clock.wait(event, 5.0), clock.elapsed()))

    def sets() -> None:
        clock.wait(None, 2.5)
        event.set()

    clock.spawn('waits', waits)
    clock.spawn('sets', sets)
    clock.run()
    assert answers == [(False, 1.0), (True, 2.5)]


def test_kill_takes_the_whole_tree_and_nothing_else(clock: VirtualClock) -> None:
    died: list[str] = []

    def child() -> None:
        try:
            clock.wait(None, 100)
        except Killed:
            died.append(clock.actor)
            raise

    def parent() -> None:
        clock.spawn('child', child)
        clock.wait(None, 1)
        clock.kill('w1')
        died.append('unreachable')

    clock.spawn('w1', parent)
    clock.spawn('w10', child)
    clock.run(until=2)
    assert died == ['w1/child']
    assert clock.actors == ('w10',)


def test_a_killed_actor_can_do_nothing_more(clock: VirtualClock) -> None:
    did: list[str] = []

    def stubborn() -> None:
        for forbidden in (
            lambda: clock.wait(None, 0),
            clock.check,
            lambda: clock.spawn('x', lambda: did.append('ran')),
        ):
            try:
                forbidden()
                did.append('went on')
            except Killed:
                continue

    def late() -> None:
        clock.kill('late', later=True)
        did.append('still here')
        stubborn()

    clock.spawn('late', late)
    clock.run()
    assert did == ['still here']


def test_frozen_actors_stand_still_while_time_passes(clock: VirtualClock) -> None:
    beats: list[float] = []

    def beat() -> None:
        while clock.elapsed() < 6:
            clock.wait(None, 1)
            beats.append(clock.elapsed())

    def script() -> None:
        clock.wait(None, 2.5)
        clock.freeze('w1')
        clock.wait(None, 3)
        clock.thaw('w1')

    clock.spawn('w1', lambda: beat())
    clock.spawn('script', script)
    clock.run()
    assert beats == [1, 2, 5.5, 6.5]


def test_an_actor_that_freezes_itself_stops_there(clock: VirtualClock) -> None:
    went_on: list[float] = []

    def freezes() -> None:
        clock.freeze('w1')
        went_on.append(clock.elapsed())

    def thaws() -> None:
        clock.wait(None, 9)
        clock.thaw('w1')

    clock.spawn('w1', freezes)
    clock.spawn('script', thaws)
    clock.run()
    assert went_on == [9]


def test_a_frozen_actor_can_be_killed(clock: VirtualClock) -> None:
    clock.spawn('w1', lambda: waits(clock, None, 1))
    clock.freeze('w1')
    clock.kill('w1')
    clock.run()
    assert clock.actors == ()


def test_a_deadlock_is_named(clock: VirtualClock) -> None:
    clock.spawn('w1', lambda: waits(clock, threading.Event()))
    with pytest.raises(Deadlock, match='wake w1'):
        clock.run()


def test_an_unhandled_exception_reaches_whoever_runs_the_play(clock: VirtualClock) -> None:
    def fails() -> None:
        raise ValueError('broken')

    clock.spawn('w1', fails)
    with pytest.raises(ActorFailed, match=r'w1.*broken') as caught:
        clock.run()
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_actor_stuck_outside_the_clock_is_found(clock: VirtualClock) -> None:
    lock = threading.Lock()
    lock.acquire()

    def stuck() -> None:
        lock.acquire()

    clock.spawn('w1', stuck)
    with pytest.raises(Overtime, match='w1 is at'):
        clock.run(limit=0.2)
    lock.release()


def test_time_standing_still_is_found(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('drivers.simulated.clock.MOST_TURNS_AT_ONE_INSTANT', 50)

    def spins() -> None:
        while True:
            clock.wait(None, 0)

    clock.spawn('w1', spins)
    with pytest.raises(Overtime, match='w1 never waits'):
        clock.run()


def test_waiting_from_outside_plays_the_actors(clock: VirtualClock) -> None:
    ended = clock.spawn('w1', lambda: waits(clock, None, 5))
    assert not clock.wait(ended, 1)
    assert clock.wait(ended, 10)
    assert clock.elapsed() == 5


def test_the_wall_steps_alone(clock: VirtualClock) -> None:
    before = clock.now()
    clock.step_wall(-60)
    assert clock.now() == before - 60
    assert clock.elapsed() == 0


def test_a_thread_that_is_no_actor_cannot_wait_in_a_play(clock: VirtualClock) -> None:
    said: list[str] = []

    def foreign() -> None:
        try:
            clock.wait(None, 1)
        except RuntimeError as error:
            said.append(str(error))

    def actor() -> None:
        thread = threading.Thread(target=foreign, name='a library')
        thread.start()
        thread.join(10)

    clock.spawn('w1', actor)
    clock.run()
    assert said == ['thread a library is no actor: spawn it by the clock']
