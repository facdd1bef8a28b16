"""Faults and kill points: what goes wrong between a request and its answer.

A request is known by its kind ('nova.evacuate', 'bmc.power-off', ...) and its subject (a host).
Kinds are matched by patterns as file names are: 'bmc.*'.
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.simulated.errors import Dropped

#: What a fault may do. Those marked late have had their effect on the world before.
EFFECTS = {
    'delay': 'carried out after `value` seconds, even if nobody waits for the answer',
    'slow-answer': 'carried out at once, answered after `value` seconds',
    'hang': 'never carried out, never answered',
    'drip': 'not carried out, answered with a byte now and then, for ever',
    'mute': 'carried out, never answered',
    'drop': 'not carried out, connection closed',
    'cut': 'carried out, connection closed',
    'error': 'answered with HTTP status `value`, not carried out',
    'unauthorized': 'answered as if the credentials were wrong',
    'refuse': 'answered with a definite no',
    'stuck': 'accepted, and never carried out',
    'lie': 'answered with `value` in place of the truth',
    'noise': 'answered with something that is no answer',
    'empty': 'answered with an empty list',
}

MOMENTS = ('received', 'applied', 'answered')


@dataclass
class Fault:
    """One thing that goes wrong."""

    kind: str  #: pattern of request kinds
    effect: str  #: a key of EFFECTS
    value: float | str | None = None
    subject: str = '*'  #: pattern of hosts
    count: int | None = None  #: for so many matching requests; None: until it is taken away
    skip: int = 0  #: after so many matching requests

    def __post_init__(self) -> None:
        if self.effect not in EFFECTS:
            raise ValueError(f'no effect {self.effect!r}: there are {", ".join(EFFECTS)}')

    def matches(self, request: Note) -> bool:
        return fnmatch.fnmatchcase(request.kind, self.kind) and fnmatch.fnmatchcase(
            request.subject, self.subject
        )


@dataclass(frozen=True)
class Note:
    """One request that was received."""

    number: int  #: 1 for the first
    kind: str
    subject: str
    client: str  #: an actor's name, or the client's port, maybe behind a name and a slash
    when: float
    place: int = 0  #: how many events the trace had before


@dataclass
class KillPoint:
    """Do something to the client at one moment of its n-th matching request."""

    kind: str
    number: int  #: 1 for the first matching request
    moment: str  #: 'received' (not applied), 'applied' (not answered), 'answered'
    #: returns True when it has killed the client itself; its method ``meet``, if it has one, is
    #: told of the request when it is received
    action: Callable[[Note], bool | None]
    client: str = '*'  #: pattern of clients
    seen: int = 0
    hit: Note | None = field(default=None)  #: the request that it was, once it has happened

    def __post_init__(self) -> None:
        if self.moment not in MOMENTS:
            raise ValueError(f'no moment {self.moment!r}: there are {", ".join(MOMENTS)}')

    def counts(self, request: Note) -> bool:
        return fnmatch.fnmatchcase(request.kind, self.kind) and fnmatch.fnmatchcase(
            request.client, self.client
        )


class Faults:
    """The faults in force, the kill points, and every request ever received."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.kill_points: list[KillPoint] = []
        self.requests: list[Note] = []

    def add(
        self, kind: str, effect: str, value: float | str | None = None, **more: object
    ) -> Fault:
        """Put a fault in force; see :class:`Fault` for the rest."""
        fault = Fault(kind, effect, value, **more)  # type: ignore[arg-type]
        self.faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Take a fault away; gone already is no error."""
        if fault in self.faults:
            self.faults.remove(fault)

    def clear(self) -> None:
        """Take every fault and kill point away."""
        self.faults.clear()
        self.kill_points.clear()

    def kill(
        self,
        kind: str,
        number: int,
        moment: str,
        action: Callable[[Note], bool | None],
        client: str = '*',
    ) -> KillPoint:
        """Set a kill point."""
        point = KillPoint(kind, number, moment, action, client)
        self.kill_points.append(point)
        return point

    def counts(self, subject: str | None = None) -> dict[str, int]:
        """How many requests of each kind were received, about one host when it is given."""
        return dict(
            Counter(
                request.kind
                for request in self.requests
                if subject is None or request.subject == subject
            )
        )

    # -- used by the pipeline ----------------------------------------------------------------

    def receive(self, kind: str, subject: str, client: str, when: float, place: int = 0) -> Note:
        """Write a request down, and find out whether a kill point is meant by it."""
        request = Note(len(self.requests) + 1, kind, subject, client, when, place)
        self.requests.append(request)
        for point in self.kill_points:
            if point.hit is None and point.counts(request):
                point.seen += 1
                if point.seen == point.number:
                    point.hit = request
                    meet = getattr(point.action, 'meet', None)
                    if meet is not None:
                        meet(request)
        return request

    def reach(self, request: Note, moment: str) -> None:
        """Do what the kill points of that moment want.

        :raises Killed: the calling actor was killed.
        :raises Dropped: the client was killed before its request was taken up.
        """
        for point in list(self.kill_points):
            if point.hit is request and point.moment == moment:
                dead = point.action(request)
                if dead and moment == 'received':
                    raise Dropped(request.kind)

    def take(self, request: Note) -> dict[str, Fault]:
        """The faults that meet this request, by effect."""
        met: dict[str, Fault] = {}
        for fault in list(self.faults):
            if not fault.matches(request):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.count is not None:
                fault.count -= 1
                if fault.count <= 0:
                    self.faults.remove(fault)
            met.setdefault(fault.effect, fault)
        return met
