"""Judges a play by the world's truth: which of the rules never to be broken were broken.

It sees what can be seen from outside: what was asked of Nova and of the BMCs, and what was true
at that moment. What it cannot know, a scenario says with ``world.note``:

=====================  ==========  ==========================================================
``what``               subject     meaning
=====================  ==========  ==========================================================
``fence.allowed``      host        an operator said that this healthy host may be fenced
``fence.forbidden``    host or *   it must not be; ``rule=`` says which rule (S16), ``why=`` why
``fence.permitted``    host or *   that ban has ended
``open.forbidden``     host        somebody works on it: it must be neither switched on nor opened;
                                   ``why=`` says why
``open.permitted``     host        that is over
``confirmed``          host        a named human says that it is off: no readings are asked for
``enable.allowed``     host        an operator enables it in spite of leftovers
``mark.foreign``       host        somebody else disabled it, or forced it down, and nobody else
                                   may take that back
``mark.cleared``       host        he takes it back
``others.begin``       host        what changes of it now is changed by somebody else
``others.end``         host        that is over
``item.failed``        instance    the recovery says that it could not move it, or left it
``recovery.done``      host        the recovery says that it has ended
``claim.lost``         actor       this worker must do nothing outside any more
``claim.won``          actor       it may again
``paused``             '' or host  nothing may be done outside, or to that host
``unpaused``           '' or host  it may again
``spare.reserved``     host        it is kept free for a failure (:mod:`.spares`)
=====================  ==========  ==========================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from drivers.simulated import spares
from drivers.simulated.instances import GUESTS
from drivers.simulated.play import PROOF_MAX_AGE, READS_APART, Broken, Play
from drivers.simulated.trace import spans
from drivers.simulated.world import World

#: Requests that change something outside.
CHANGING = (
    'bmc.power-off',
    'bmc.power-on',
    'nova.set-service',
    'nova.set-aggregate',
    'nova.evacuate',
    'nova.action',
)


class Oracle:
    """The judge of one world, during a play or after it."""

    def __init__(
        self,
        world: World,
        proof_max_age: float = PROOF_MAX_AGE,
        reads_apart: float = READS_APART,
    ) -> None:
        self._world = world
        self._max_age = proof_max_age
        self._apart = reads_apart

    def verdict(self, done: Iterable[str] = (), excused: Iterable[str] = ()) -> list[Broken]:
        """Every broken rule, in the order of time.

        :param done: hosts whose recovery has ended: what ran there must run again.
        :param excused: instances for which the recovery says that it failed or left them.
        """
        with self._world:
            found = list(Play(self._max_age, self._apart).judge(self._world.trace.events))
            found += self._bans()
            found += (Broken(*one) for one in spares.judge(self._world))
            found += self._lost(set(done), set(excused))
        return sorted(found, key=lambda broken: broken.when)

    def sentence(self, done: Iterable[str] = (), excused: Iterable[str] = ()) -> str:
        """'0 rules broken', or how many, and which."""
        found = self.verdict(done, excused)
        if not found:
            return '0 rules broken'
        return '\n'.join([f'{len(found)} rules broken', *map(str, found)])

    def _lost(self, done: set[str], excused: set[str]) -> Iterator[Broken]:
        world = self._world
        done |= {event.subject for event in world.trace.find('recovery.done')}
        excused |= {event.subject for event in world.trace.find('item.failed')}
        ran: dict[str, str] = {}
        for event in world.trace.find('guest.shutdown'):
            if event.detail['host'] in done and event.detail.get('cause') == 'host':
                ran[event.subject] = event.detail['host']
        for instance_id, host in ran.items():
            instance = world.instances[instance_id]
            if instance_id in excused or instance.vm_state == 'deleted':
                continue
            if GUESTS.get(instance.vm_state) == 'shutdown' or world.running_on(instance_id):
                continue
            sentence = f'{instance.name} ran on {host}, whose recovery is done, and runs nowhere'
            yield Broken('lost', world.time, sentence)

    def _bans(self) -> Iterator[Broken]:
        """Requests by who had lost the claim (S7), and requests in a pause (S32)."""
        world = self._world
        lost = list(spans(world.trace.events, 'claim.lost', 'claim.won'))
        pauses = list(spans(world.trace.events, 'paused', 'unpaused'))
        for request in world.faults.requests:
            if request.kind not in CHANGING:
                continue
            what = f'{request.client} sent {request.kind} for {request.subject}'
            for actor, begin, end in lost:
                if begin < request.place <= end and f'{request.client}/'.startswith(f'{actor}/'):
                    yield Broken('S7', request.when, f'{what} after it lost its claim')
            for host, begin, end in pauses:
                if begin < request.place <= end and host in ('', request.subject.split('/')[0]):
                    yield Broken('S32', request.when, f'{what} during a pause')
