"""The way of a request through the faults: received, carried out, answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from drivers.simulated.errors import ApiError, Dropped, Silent
from drivers.simulated.faults import Fault, Note
from drivers.simulated.world import World

T = TypeVar('T')

FOR_EVER = 3600.0  #: seconds; longer than anybody waits
Faulted = Mapping[str, Fault]


@dataclass
class Caller:
    """Who asks, and how this request makes him wait."""

    client: str  #: an actor's name, or the client's port
    wait: Callable[[float], None]  #: raises ClientGone when his patience ends before
    after: list[Callable[[], None]] = field(default_factory=list)  #: run once he has the answer
    drip: Callable[[], None] | None = None  #: keeps him busy with bytes for ever, where it can


class Request(Generic[T]):
    """One request on its way. ``act`` is called with the world locked, once or never."""

    def __init__(
        self,
        world: World,
        kind: str,
        subject: str,
        caller: Caller,
        act: Callable[[Faulted], T],
    ) -> None:
        self._world = world
        self._caller = caller
        self._act = act
        self._outcome: T | None = None
        self._error: Exception | None = None
        self._acted = False
        with world:
            self.note: Note = world.faults.receive(
                kind, subject, caller.client, world.time, len(world.trace.events)
            )
            self.met: Faulted = world.faults.take(self.note)

    def serve(self) -> T:
        """Carry it out, as the faults allow.

        :raises ApiError: the answer is a no.
        :raises Dropped: the connection is closed without an answer.
        """
        faults, caller = self._world.faults, self._caller
        faults.reach(self.note, 'received')
        self._not_carried_out()
        delay = self.met.get('delay')
        if delay is None:
            with self._world:
                self._carry_out()
        else:
            # Planned in the world: it happens at its time, whatever becomes of the client.
            seconds = float(delay.value or 0)
            with self._world:
                self._world.schedule(seconds, self._carry_out)
            caller.wait(seconds)
            with self._world:
                if not self._acted:
                    self._carry_out()
        faults.reach(self.note, 'applied')
        caller.after.append(lambda: faults.reach(self.note, 'answered'))
        return self._answered()

    def _not_carried_out(self) -> None:
        if 'hang' in self.met:
            self._caller.wait(FOR_EVER)
            raise Dropped(self.note.kind)
        if 'drip' in self.met:
            (self._caller.drip or partial(self._caller.wait, FOR_EVER))()
            raise Dropped(self.note.kind)
        if 'drop' in self.met:
            raise Dropped(self.note.kind)
        for effect, status, message in (
            ('unauthorized', 401, 'The request you have made requires authentication.'),
            ('refuse', 400, 'The request is refused.'),
            ('error', int(self._value('error', 503)), 'The service is in trouble.'),
        ):
            if effect in self.met:
                raise ApiError(status, message)

    def _value(self, effect: str, otherwise: float) -> float:
        fault = self.met.get(effect)
        return float(fault.value) if fault is not None and fault.value is not None else otherwise

    def _carry_out(self) -> None:
        if self._acted:
            return
        self._acted = True
        self._world.asked_at = self.note.when
        try:
            self._outcome = self._act(self.met)
        except (ApiError, Silent) as error:
            self._error = error
        finally:
            self._world.asked_at = None

    def _answered(self) -> T:
        if isinstance(self._error, Silent) or 'mute' in self.met:
            self._caller.wait(FOR_EVER)
            raise Dropped(self.note.kind)
        if 'cut' in self.met:
            raise Dropped(self.note.kind)
        slow = self._value('slow-answer', 0.0)
        if slow:
            self._caller.wait(slow)
        if self._error is not None:
            raise self._error
        assert self._outcome is not None
        return self._outcome
