"""Virtual time: one actor runs at a time, and time moves only when none is ready.

Actors are threads, but a baton lets exactly one of them run. The order is by time, then by how
often an actor ran at this instant, then by name; with a seed, any ready actor may be next. A
play is therefore repeated exactly by the same seed.
"""

from __future__ import annotations

import random
import sys
import threading
import traceback
import uuid
from collections.abc import Callable

from drivers.contracts.clock import Clock
from drivers.simulated.actors import Actor, within

#: An actor that is chosen this often without time moving is going round in circles.
MOST_TURNS_AT_ONE_INSTANT = 200_000


class Killed(BaseException):
    """The actor's process was killed: it must do nothing more, not even tidy up."""


class Deadlock(Exception):
    """Every actor waits for something that no one is left to bring about."""


class Overtime(Exception):
    """The play took too much real time, or went on for ever at one instant."""


class ActorFailed(Exception):
    """An actor ended by an exception that it did not handle."""


class VirtualClock(Clock):
    """A Clock without real waiting.

    An actor spawned by an actor is named below it, ``parent/child``: so ``kill('w1')`` ends
    everything that process ``w1`` ever started, as SIGKILL would. Called from outside any actor,
    ``wait`` plays the actors until then.

    :param seed: None: the one regular order. A number: one of many orders.
    :param start: the wall clock at the beginning, seconds since 1970 UTC.
    """

    def __init__(self, seed: int | None = None, start: float = 1_800_000_000.0) -> None:
        self.history: list[tuple[float, str]] | None = None  #: set to [] to record every turn
        self._time = 0.0
        self._start = start
        self._order = None if seed is None else random.Random(seed)
        self._fresh = random.Random(f'names of {seed}')
        self._actors: dict[str, Actor] = {}
        self._current: Actor | None = None
        self._local = threading.local()
        self._frozen: set[str] = set()
        self._outside = threading.Lock()
        self._outside.acquire()
        self._until: float | None = None
        self._event: threading.Event | None = None
        self._trouble: Exception | None = None
        self._turns = 0
        self._playing = False

    # -- the contract ------------------------------------------------------------------------

    def now(self) -> float:
        return self._start + self._time

    def elapsed(self) -> float:
        return self._time

    def wait(self, event: threading.Event | None, seconds: float | None = None) -> bool:
        actor = self._me()
        if actor is None:
            until = None if seconds is None else self._time + max(0.0, seconds)
            self.run(until=until, event=event)
            return event is not None and event.is_set()
        self.check()
        actor.event = event
        actor.wake = None if seconds is None else self._time + max(0.0, seconds)
        self._give(actor)
        return event is not None and event.is_set()

    def spawn(self, name: str, run: Callable[[], None]) -> threading.Event:
        self.check()
        parent = self._me()
        if parent is not None and not within(name, parent.name):
            name = f'{parent.name}/{name}'
        actor = Actor(self._unused(name), self._time)
        actor.frozen = any(within(actor.name, prefix) for prefix in self._frozen)
        self._actors[actor.name] = actor
        threading.Thread(target=self._live, args=(actor, run), name=actor.name, daemon=True).start()
        return actor.ended

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._fresh.getrandbits(128), version=4))

    def new_token(self) -> str:
        return f'{self._fresh.getrandbits(128):032x}'

    # -- what a play may do ------------------------------------------------------------------

    @property
    def actor(self) -> str:
        """The name of the calling actor; '' outside."""
        me = self._me()
        return me.name if me else ''

    @property
    def actors(self) -> tuple[str, ...]:
        """Names of the actors that live."""
        return tuple(sorted(self._actors))

    def run(
        self,
        until: float | None = None,
        *,
        event: threading.Event | None = None,
        limit: float = 900.0,
    ) -> None:
        """Play until every actor has ended, that time is reached, or the event is set.

        :param until: seconds on :meth:`elapsed`.
        :param limit: real seconds after which it gives up.
        :raises Deadlock: actors are left that nothing will ever wake, and ``until`` is not given.
        :raises ActorFailed: one of them ended by an exception; chained to it.
        :raises Overtime: ``limit`` passed; the message says where the running actor is.
        """
        if self._me() is not None:
            raise RuntimeError('an actor cannot run the clock: it can only wait')
        if self._playing:
            raise RuntimeError(
                f'thread {threading.current_thread().name} is no actor: spawn it by the clock'
            )
        self._until, self._event, self._turns = until, event, 0
        self._playing = True
        self._hand(self._next())
        if not self._outside.acquire(timeout=limit):
            raise Overtime(f'{limit:g} real seconds passed; {self._where()}')
        self._playing = False
        if self._trouble is not None:
            trouble, self._trouble = self._trouble, None
            raise trouble

    def kill(self, prefix: str, *, later: bool = False) -> None:
        """Kill an actor and all below it: each dies at its next turn, frozen or not.

        The calling actor, if it is one of them, dies right here, or with ``later`` at its next
        wait, spawn or :meth:`check`.
        """
        for actor in self._actors.values():
            if within(actor.name, prefix):
                actor.killed = True
        self._frozen = {name for name in self._frozen if not within(name, prefix)}
        if not later:
            self.check()

    def check(self) -> None:
        """Raise Killed in an actor that was killed. For whatever must not happen after death."""
        me = self._me()
        if me is not None and me.killed:
            raise Killed(me.name)

    def freeze(self, prefix: str, *, later: bool = False) -> None:
        """Stop an actor and all below it, as SIGSTOP does; time goes on without them.

        The calling actor, if it is one of them, stops right here, or with ``later`` at its next
        wait.
        """
        self._frozen.add(prefix)
        for actor in self._actors.values():
            actor.frozen = actor.frozen or within(actor.name, prefix)
        me = self._me()
        if me is not None and me.frozen and not later:
            self.wait(None, 0)

    def thaw(self, prefix: str) -> None:
        """Let what was frozen by that prefix run again."""
        self._frozen.discard(prefix)
        for actor in self._actors.values():
            actor.frozen = any(within(actor.name, name) for name in self._frozen)

    def step_wall(self, seconds: float) -> None:
        """Make the wall clock jump, as a bad time server does. :meth:`elapsed` does not move."""
        self._start += seconds

    def close(self) -> None:
        """Kill every actor and let their threads end. After Overtime there is no saying when."""
        for actor in list(self._actors.values()):
            actor.killed = True
        while self._actors and not self._playing:
            try:
                self.run()
            except ActorFailed:
                continue

    # -- the baton ---------------------------------------------------------------------------

    def _me(self) -> Actor | None:
        me: Actor | None = getattr(self._local, 'actor', None)
        return me

    def _unused(self, name: str) -> str:
        if name not in self._actors:
            return name
        number = 2
        while f'{name}#{number}' in self._actors:
            number += 1
        return f'{name}#{number}'

    def _live(self, actor: Actor, run: Callable[[], None]) -> None:
        self._local.actor = actor
        actor.go.acquire()
        try:
            if not actor.killed:
                run()
        except Killed:
            pass
        except BaseException as error:
            if not actor.killed and self._trouble is None:
                self._trouble = ActorFailed(f'{actor.name} ended by {error!r}')
                self._trouble.__cause__ = error
        finally:
            del self._actors[actor.name]
            actor.ended.set()
            self._hand(self._next())

    def _give(self, actor: Actor) -> None:
        chosen = self._next()
        if chosen is not actor:
            self._hand(chosen)
            actor.go.acquire()
        actor.event = actor.wake = None
        self.check()

    def _hand(self, chosen: Actor | None) -> None:
        (self._outside if chosen is None else chosen.go).release()

    def _next(self) -> Actor | None:
        """Whose turn it is. None: the play stops here."""
        while self._trouble is None and not (self._event is not None and self._event.is_set()):
            at = self._time
            ready = [actor for actor in self._actors.values() if actor.ready(at)]
            if ready:
                return self._choose(ready)
            if not self._forward():
                break
        self._current = None
        return None

    def _choose(self, ready: list[Actor]) -> Actor | None:
        at = self._time
        self._turns += 1
        if self._turns > MOST_TURNS_AT_ONE_INSTANT:
            self._trouble = Overtime(f'time stands still at {at:g}; {ready[0].name} never waits')
            return None
        if self._order is not None:
            chosen = self._order.choice(sorted(ready, key=lambda actor: actor.name))
        else:
            chosen = min(ready, key=lambda actor: actor.rank(at))
        chosen.turns = chosen.turns + 1 if chosen.instant == at else 1
        chosen.instant = at
        if self.history is not None:
            self.history.append((at, chosen.name))
        self._current = chosen
        return chosen

    def _forward(self) -> bool:
        """Move time to the next wake-up. False: there is none before the end of the play."""
        wakes = [
            actor.wake
            for actor in self._actors.values()
            if actor.wake is not None and not actor.frozen
        ]
        earliest = min(wakes, default=None)
        self._turns = 0
        if earliest is not None and (self._until is None or earliest <= self._until):
            self._time = earliest
            return True
        if self._until is not None:
            self._time = max(self._time, self._until)
        elif self._actors:
            waiting = ', '.join(sorted(self._actors))
            self._trouble = Deadlock(f'nothing will ever wake {waiting}')
        return False

    def _where(self) -> str:
        current = self._current
        if current is None:
            return 'no actor is running'
        for thread in threading.enumerate():
            frame = sys._current_frames().get(thread.ident or 0)
            if thread.name == current.name and frame is not None:
                return f'{current.name} is at\n' + ''.join(traceback.format_stack(frame)[-6:])
        return f'{current.name} is running'
