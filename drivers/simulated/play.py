"""A play, judged event by event: what was asked against what was true at that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from drivers.simulated.trace import Event

PROOF_MAX_AGE = 15.0  #: seconds
READS_APART = 2.0  #: seconds between the two readings of a proof
GRACE = 1.0  #: seconds between a look and what was decided by it


@dataclass(frozen=True)
class Broken:
    """One rule, broken once."""

    rule: str  #: 'S1' to 'S32'; 'twice': an instance ran twice; 'lost': it runs nowhere
    when: float  #: seconds since the world began
    sentence: str

    def __str__(self) -> str:
        return f'{self.rule} at {self.when:.1f} s: {self.sentence}'


class Play:
    """One reading of the trace, with what is remembered on the way."""

    def __init__(self, max_age: float, apart: float) -> None:
        self._max_age = max_age
        self._apart = apart
        self._offs: dict[str, list[float]] = {}  # host -> OFF since its last request was sent
        self._last: dict[str, str] = {}  # host -> its last reading
        # host -> when somebody gave it power, and its readings OFF until then; not once read ON
        self._given: dict[str, tuple[float, list[float]]] = {}
        self._allowed: set[tuple[str, str]] = set()
        self._forbidden: dict[tuple[str, str], Event] = {}  # by what forbids it, and the host
        self._foreign: dict[tuple[str, str], float] = {}  # host and flag: when others set it
        self._told_off: set[str] = set()  # hosts told to power off, and not on again since
        self._ours_down: set[str] = set()  # hosts that we have forced down
        self._others: set[str] = set()  # hosts that somebody else is changing right now
        self._judges: dict[str, Callable[[Event], Iterator[Broken]]] = {
            'evacuate.accepted': self._evacuate,
            'asked.off': self._off,
            'asked.on': self._on,
            'service.enabled': self._enabled,
            'service.forced-down': self._forced_down,
            'service.forced-up': self._forced_up,
            'guest.twice': self._twice,
            'instance.reset-state': self._reset,
            'instance.start': self._switched,
            'instance.stop': self._switched,
        }

    def judge(self, events: Iterable[Event]) -> Iterator[Broken]:
        for event in events:
            self._remember(event)
            judge = self._judges.get(event.what)
            if judge is not None and event.subject not in self._others:
                yield from judge(event)

    def _remember(self, event: Event) -> None:
        if event.what == 'bmc.read':
            self._read(event.detail['asked_of'], event.detail['said'], event.when)
        elif event.what in ('asked.off', 'asked.on', 'power.on', 'host.given-power'):
            self._switched_power(event)
        elif event.what in ('fence.allowed', 'confirmed', 'enable.allowed'):
            self._allowed.add((event.what, event.subject))
        elif event.what.endswith('.forbidden'):
            self._forbidden[event.what, event.subject] = event
        elif event.what.endswith('.permitted'):
            self._forbidden.pop((event.what.replace('permitted', 'forbidden'), event.subject), None)
        elif event.what in ('mark.foreign', 'mark.cleared'):
            self._marked(event)
        elif event.what in ('service.forced-down', 'service.forced-up'):
            ours = event.what == 'service.forced-down' and event.subject not in self._others
            (self._ours_down.add if ours else self._ours_down.discard)(event.subject)
        elif event.what in ('others.begin', 'others.end'):
            begun = event.what == 'others.begin'
            (self._others.add if begun else self._others.discard)(event.subject)

    def _switched_power(self, event: Event) -> None:
        if event.what == 'host.given-power':
            # The list itself: a host that stays off as it is given power can be read on.
            self._given[event.subject] = (event.when, self._offs.setdefault(event.subject, []))
            return
        if event.what != 'power.on':
            self._given.pop(event.subject, None)
        host = event.detail.get('asked_of', event.subject)
        before = self._offs.pop(host, [])
        if event.what == 'asked.off':
            # It may have been sent long ago, and be done only now: what was read since is of use.
            sent = event.detail.get('asked_at', event.when)
            self._offs[host] = [at for at in before if at > sent]
        told = self._told_off.add if event.what == 'asked.off' else self._told_off.discard
        told(event.subject)

    def _read(self, host: str, said: str, when: float) -> None:
        self._last[host] = said
        if said == 'off':
            self._offs.setdefault(host, []).append(when)
        else:
            self._given.pop(host, None)

    def _marked(self, event: Event) -> None:
        # Which flag it is on, where the scenario says so: each has its own owner.
        flags = [event.detail['flag']] if 'flag' in event.detail else ['enabled', 'forced_down']
        for flag in flags:
            self._foreign.pop((event.subject, flag), None)
            if event.what == 'mark.foreign':
                self._foreign[event.subject, flag] = event.when

    def _evacuate(self, event: Event) -> Iterator[Broken]:
        facts = event.detail
        source, who = facts['source'], f'{event.subject} was evacuated from {facts["source"]}'
        if facts['powered'] and not self._surprised(event):
            yield Broken('S1', event.when, f'{who}, which had power')
        if ('confirmed', source) not in self._allowed:
            yield from self._proof(event, source, who)
        if not facts['forced_down']:
            yield Broken('S8', event.when, f'{who}, which was not forced down')
        if facts['target_unfit'] and not self._unseen(facts['target'], event.when):
            sentence = f'{who} to {facts["target"]}, which is disabled or forced down'
            yield Broken('S17', event.when, sentence)
        if facts['open']:
            sentence = f'{who} while an evacuation of it was open: {facts["open"]}'
            yield Broken('S22', event.when, sentence)
        if facts['local']:
            yield Broken('S24', event.when, f'{who}; its local disk was not opted in')

    def _unseen(self, host: str, when: float) -> bool:
        """Whether somebody else closed it after the look by which it was chosen: what a look can be
        old, that long nobody can know."""
        late = self._max_age + GRACE
        return any(name == host and when - at <= late for (name, _), at in self._foreign.items())

    def _surprised(self, event: Event) -> bool:
        """Whether somebody else gave the host its power since the look on which we went: what a
        look can be old, that long nobody can know."""
        given = self._given.get(event.detail['source'])
        return given is not None and event.detail['asked_at'] - given[0] <= self._max_age + GRACE

    def _proof(self, event: Event, source: str, who: str) -> Iterator[Broken]:
        offs = self._given[source][1] if self._surprised(event) else self._offs.get(source, [])
        if not offs or offs[-1] - offs[0] < self._apart - 0.001:
            sentence = f'{who}, which read OFF {len(offs)} times since the last power request'
            yield Broken('S2', event.when, f'{sentence}, not twice {self._apart:g} s apart')
        elif (age := event.detail['asked_at'] - offs[-1]) > self._max_age + GRACE:
            yield Broken('S4', event.when, f'{who}, whose last reading OFF was {age:.1f} s old')
        elif self._last.get(source) == 'on':
            yield Broken('S4', event.when, f'{who}, whose last reading was ON')

    def _off(self, event: Event) -> Iterator[Broken]:
        host = event.subject
        # Whatever comes back of a host that is being evacuated has to go off again.
        allowed = host in self._ours_down or ('fence.allowed', host) in self._allowed
        if event.detail['healthy'] and not allowed:
            yield Broken('S9', event.when, f'{host} was told to power off; it was healthy')
        bans = (self._forbidden.get(('fence.forbidden', one)) for one in (host, '*'))
        ban = next((one for one in bans if one is not None), None)
        if ban is not None:
            why = ban.detail.get('why', 'it was forbidden')
            rule = str(ban.detail.get('rule', 'S16'))
            yield Broken(rule, event.when, f'{host} was told to power off: {why}')

    def _opened(self, event: Event, how: str) -> Iterator[Broken]:
        ban = self._forbidden.get(('open.forbidden', event.subject))
        if ban is not None:
            why = ban.detail.get('why', 'it was forbidden')
            yield Broken('S16', event.when, f'{event.subject} was {how}: {why}')

    def _on(self, event: Event) -> Iterator[Broken]:
        yield from self._opened(event, 'told to power on')
        if event.detail['open']:
            sentence = f'{event.subject} was told to power on; evacuations from it were open'
            yield Broken('S19', event.when, sentence)

    def _enabled(self, event: Event) -> Iterator[Broken]:
        yield from self._opened(event, 'enabled')
        if (event.subject, 'enabled') in self._foreign:
            sentence = f'{event.subject} was enabled; somebody else had disabled it'
            yield Broken('S16', event.when, sentence)
        if ('enable.allowed', event.subject) in self._allowed:
            return
        if event.subject in self._told_off:
            sentence = f'{event.subject} was enabled; it had been told to power off, and not on'
            yield Broken('S23', event.when, sentence)
        if event.detail['open']:
            sentence = f'{event.subject} was enabled; evacuations from it were open'
            yield Broken('S19', event.when, sentence)
        elif event.detail['unclean'] or event.detail['astray']:
            left = len(event.detail['unclean']) + len(event.detail['astray'])
            yield Broken('S20', event.when, f'{event.subject} was enabled with {left} leftovers')

    def _forced_down(self, event: Event) -> Iterator[Broken]:
        if event.detail['powered'] and ('confirmed', event.subject) not in self._allowed:
            sentence = f'{event.subject} was forced down; it still had power'
            yield Broken('S8', event.when, sentence)

    def _forced_up(self, event: Event) -> Iterator[Broken]:
        yield from self._opened(event, 'freed of its force-down')
        if (event.subject, 'forced_down') in self._foreign:
            sentence = f'force-down of {event.subject} was cleared; somebody else had set it'
            yield Broken('S16', event.when, sentence)
        if event.detail['open']:
            sentence = f'force-down of {event.subject} was cleared; evacuations from it were open'
            yield Broken('S19', event.when, sentence)
        if event.detail['astray']:
            sentence = f'force-down of {event.subject} was cleared; it still runs what was moved'
            yield Broken('S20', event.when, sentence)

    def _reset(self, event: Event) -> Iterator[Broken]:
        if event.detail['open']:
            sentence = f'the state of {event.subject} was reset while {event.detail["open"]}'
            yield Broken('S22', event.when, sentence)

    def _switched(self, event: Event) -> Iterator[Broken]:
        host = event.detail['host']
        if host in self._told_off:
            word = event.what.rpartition('.')[2]
            sentence = f'{event.subject} was told to {word} on {host}, told to power off before'
            yield Broken('S6', event.when, sentence)

    def _twice(self, event: Event) -> Iterator[Broken]:
        hosts = ' and '.join(event.detail['hosts'])
        yield Broken('twice', event.when, f'{event.subject} runs on {hosts}')
