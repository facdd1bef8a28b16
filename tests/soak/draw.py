"""Everything of a run, drawn from one number: what there is, what goes wrong, and who does what.

The same number gives the same run. What is drawn is a plan: lines of a script as scenarios have
them (tests/scenarios/verbs.py, and tests/soak/people.py for what depends on the moment), each with
its time. So a run that fails can be told, cut down, and kept as a scenario.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_SECONDS = 300.0  #: between the first deed and the last
BMC = {'name': 'bmc', 'driver': 'simulated', 'address': 'sim://{host}'}
PDUS = [{**BMC, 'name': name, 'plug': plug} for name, plug in (('left', 'a'), ('right', 'b'))]

#: Fence paths: levels of devices, and the outlets that hosts then have.
PATHS: Sequence[tuple[Sequence[Sequence[Mapping[str, str]]], Sequence[str]]] = (
    ([[BMC]], ()),
    ([[BMC]], ()),
    ([[BMC], PDUS[:1]], ('a',)),
    ([[BMC], PDUS], ('a', 'b')),
    ([PDUS], ('a', 'b')),
    ([PDUS, [BMC]], ('a', 'b')),
)
VM_STATES = ('active',) * 12 + ('stopped', 'error', 'paused', 'suspended', 'rescued', 'shelved',
                                'resized', 'building')  # fmt: skip
FAILURES = ('crash', 'crash', 'lose-power', 'isolate', 'freeze-agent', 'kill-agent')
CURES = {'isolate': 'reconnect', 'freeze-agent': 'thaw-agent', 'kill-agent': 'start-agent',
         'lose-power': 'give-power', 'crash': ''}  # fmt: skip
NOVA_KINDS = ('nova.*', 'nova.services', 'nova.servers', 'nova.evacuate', 'nova.migrations',
              'nova.set-service', 'placement.*', 'keystone.*')  # fmt: skip
NOVA_EFFECTS = ('error', 'error', 'drop', 'cut', 'hang', 'mute', 'slow-answer', 'delay', 'noise')
BMC_EFFECTS = ('drop', 'hang', 'mute', 'cut', 'slow-answer', 'delay', 'error', 'unauthorized',
               'refuse', 'stuck', 'noise', 'lie')  # fmt: skip
BMC_KINDS = ('bmc.*', 'bmc.*', 'bmc.power-off', 'bmc.power-state')
KILL_KINDS = ('nova.evacuate', 'nova.set-service', 'bmc.power-off', 'bmc.power-state',
              'nova.servers', 'nova.migrations', '*')  # fmt: skip
MOMENTS = ('received', 'applied', 'answered')


@dataclass(frozen=True)
class Deed:
    """A line of a script, and when it is done: seconds since the first could be."""

    at: float
    line: str

    def __str__(self) -> str:
        return f'{self.at:7.1f}  {self.line}'


@dataclass(frozen=True)
class Plan:
    """One run."""

    seed: int
    stage: Mapping[str, Any]  #: arguments of tests.stage.Stage
    outlets: Sequence[str]  #: that feed each host; none: plugged into the wall
    place: Sequence[Mapping[str, Any]]  #: instances
    cast: Sequence[str]  #: processes
    deeds: Sequence[Deed]
    obedient: bool  #: in the end somebody does what each stuck recovery asks for

    @property
    def hosts(self) -> list[str]:
        return names(int(self.stage['hosts']))


def names(hosts: int) -> list[str]:
    """As drivers.simulated.world.small_world spells them."""
    return [f'compute-{number:02d}' for number in range(1, hosts + 1)]


def plan(seed: int) -> Plan:
    """The run of that number."""
    dice = random.Random(f'soak {seed}')
    hosts = dice.choice((3, 4, 4, 5, 6, 8, 12, 20))
    levels, outlets = dice.choice(PATHS)
    cast = [f'w{number}' for number in range(1, dice.choice((1, 2, 2, 3)) + 1)]
    cast += ['watcher', 'watcher-2'][: dice.choice((1, 1, 2))]
    conf = _conf(dice, hosts)
    return Plan(
        seed=seed,
        stage={
            'hosts': hosts,
            'instances': 0,
            'settings': _settings(dice),
            'conf': conf,
            'inventory': {'patterns': [{'match': '*', 'levels': levels}]},
            'seed': seed if dice.random() < 0.7 else None,
        },
        outlets=outlets,
        place=list(_place(dice, names(hosts), conf['evacuation.instance_storage'])),
        cast=cast,
        deeds=sorted(_deeds(dice, names(hosts), outlets, cast), key=lambda deed: deed.at),
        obedient=dice.random() < 0.7,
    )


def _settings(dice: random.Random) -> dict[str, Any]:
    return {
        'rebuild_seconds': dice.choice((0.5, 3.0, 8.0, 25.0)),
        'rebuild_spread': dice.choice((0.0, 5.0)),
        'rebuilds_at_once': dice.choice((1, 3, 10)),
        'power_seconds': dice.choice((0.2, 1.0, 4.0)),
        'boot_seconds': dice.choice((5.0, 30.0, 90.0)),
    }


def _conf(dice: random.Random, hosts: int) -> dict[str, Any]:
    return {
        'policy.mass_count': dice.choice((2, hosts // 2, hosts, hosts)),
        'policy.mass_share': dice.choice((0.3, 0.6, 1.0)),
        'policy.fence_budget': dice.choice((2, 5, 50)),
        'policy.fence_window_seconds': dice.choice((60.0, 600.0)),
        'policy.attempts': dice.choice((1, 3, 10)),
        'policy.settle_seconds': dice.choice((0.0, 5.0, 15.0)),
        'policy.startup_seconds': dice.choice((0.0, 0.0, 30.0)),
        'fencing.attempts': dice.choice((1, 3, 5)),
        'fencing.again_seconds': dice.choice((5.0, 30.0)),
        'evacuation.at_once': dice.choice((1, 4, 20)),
        'evacuation.unsettled_seconds': dice.choice((60.0, 600.0)),
        'evacuation.absent_seconds': dice.choice((30.0, 60.0)),  # requests hang for 30
        'evacuation.attempts': dice.choice((1, 3)),
        'evacuation.spread': dice.choice(('capacity', 'capacity', 'scheduler')),
        'evacuation.instance_storage': dice.choice(('shared', 'shared', 'local')),
        'restore.policy': dice.choice(('never', 'when-back', 'power-on')),
        'restore.boot_seconds': dice.choice((60.0, 200.0)),
        'restore.poll_seconds': dice.choice((3.0, 10.0)),
        'evacuation.poll_seconds': dice.choice((1.0, 4.0)),
        'restore.healthy_seconds': dice.choice((5.0, 20.0)),
        'worker.lease_seconds': dice.choice((10.0, 30.0)),
        'watcher.sweep_seconds': dice.choice((5.0, 15.0)),
        'board.poll_seconds': dice.choice((5.0, 10.0)),
    }


def _place(dice: random.Random, hosts: Sequence[str], storage: str) -> Iterator[dict[str, Any]]:
    busy = hosts[: max(2, len(hosts) // 2)]
    for number in range(1, dice.randrange(0, 3 * min(len(hosts), 8) + 2)):
        instance: dict[str, Any] = {
            'host': dice.choice(busy if dice.random() < 0.8 else hosts),
            'name': f'vm-{number}',
            'vm_state': dice.choice(VM_STATES),
        }
        if storage == 'local':
            instance['shared'] = False
        if dice.random() < (0.5 if storage == 'local' else 0.1):
            instance['boot_from_volume'] = True
        if dice.random() < 0.1:
            instance['metadata'] = {'recovery:priority': str(dice.randrange(10))}
        if dice.random() < 0.05:
            instance['locked'] = True
        yield instance


def _deeds(
    dice: random.Random, hosts: Sequence[str], outlets: Sequence[str], cast: Sequence[str]
) -> Iterator[Deed]:
    mishaps = _Mishaps(dice, hosts, outlets, cast)
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, len(hosts)))):
        yield from mishaps.host_fails()
    kinds: Sequence[tuple[int, Callable[[], Iterator[Deed]]]] = (
        (4, mishaps.bmc),
        (4, mishaps.nova),
        (4, mishaps.worker),
        (2, mishaps.destination),
        (2, mishaps.false_alarm),
        (1, mishaps.database),
        (1, mishaps.clock),
        (2, mishaps.switch),
        (2, mishaps.mark),
        (5, mishaps.operator),
        (2, mishaps.user),
        (1, mishaps.cell),
    )
    weights = [weight for weight, _ in kinds]
    for _, kind in dice.choices(kinds, weights, k=dice.randrange(0, 9)):
        yield from kind()


class _Mishaps:
    """What can go wrong, and what people do, each with its times."""

    def __init__(
        self,
        dice: random.Random,
        hosts: Sequence[str],
        outlets: Sequence[str],
        cast: Sequence[str],
    ) -> None:
        self._dice, self._hosts, self._outlets = dice, hosts, outlets
        self._workers = [name for name in cast if name.startswith('w') and name[1].isdigit()]
        self._fresh = 10  # names of workers that are started later

    def _some(self) -> float:
        return round(self._dice.uniform(0.0, MOST_SECONDS), 1)

    def _one(self) -> str:
        """A host; mostly one of those that have more instances."""
        busy = self._hosts[: max(2, len(self._hosts) // 2)]
        return self._dice.choice(busy if self._dice.random() < 0.8 else self._hosts)

    def _after(self, at: float, least: float, most: float) -> float:
        return round(at + self._dice.uniform(least, most), 1)

    def host_fails(self) -> Iterator[Deed]:
        dice, host = self._dice, self._one()
        what, at = dice.choice(FAILURES), round(dice.uniform(0.0, 60.0), 1)
        yield Deed(at, f'{what} {host}')
        if dice.random() < 0.9:
            alarm = self._after(at, 0.0, dice.choice((5.0, 65.0, 120.0)))
            yield Deed(alarm, f'alarm host-down {host} {host}@{at}')
            for _ in range(dice.choice((0, 0, 0, 1, 2))):  # the same, or another sender's
                key = f'{host}@{at}' if dice.random() < 0.5 else f'again-{self._some()}'
                yield Deed(self._after(alarm, 0.0, 120.0), f'alarm host-down {host} {key}')
        if CURES[what] and dice.random() < 0.4:
            yield Deed(self._after(at, 5.0, MOST_SECONDS), f'cure {CURES[what]} {host}')

    def bmc(self) -> Iterator[Deed]:
        dice = self._dice
        effect, kind = dice.choice(BMC_EFFECTS), dice.choice(BMC_KINDS)
        subject = f'{dice.choice(self._hosts)}' if dice.random() < 0.7 else '*'
        if self._outlets and dice.random() < 0.4:
            subject += f'/{dice.choice(self._outlets)}'
        value = {
            'delay': f' {dice.choice((2, 8, 40))}',
            'slow-answer': f' {dice.choice((2, 8, 40))}',
            'error': ' 503',
            'lie': f' {dice.choice(("on", "unknown", "SN-other"))}',  # "off" would be believed
        }.get(effect, '')
        if effect == 'lie' and value == ' SN-other':
            kind = 'bmc.identity'
        count = '' if dice.random() < 0.5 else f' count={dice.choice((1, 2, 5))}'
        yield Deed(self._some(), f'fault {kind} {effect}{value} \'subject="{subject}"\'{count}')

    def nova(self) -> Iterator[Deed]:
        dice = self._dice
        kind, effect = dice.choice(NOVA_KINDS), dice.choice(NOVA_EFFECTS)
        if dice.random() < 0.2:
            kind, effect = 'nova.evacuate', dice.choice(('refuse', 'stuck', 'mute', 'cut'))
        value = {'error': ' 503', 'delay': f' {dice.choice((3, 30))}',
                 'slow-answer': f' {dice.choice((3, 30))}'}.get(effect, '')  # fmt: skip
        at = self._some()
        yield Deed(at, f'fault {kind} {effect}{value} count={dice.choice((1, 3, 20))}')
        if dice.random() < 0.5:
            yield Deed(self._after(at, 10.0, 90.0), 'clear-faults')

    def worker(self) -> Iterator[Deed]:
        dice, at = self._dice, self._some()
        name = dice.choice(self._workers)
        how = dice.choice(('kill', 'kill', 'kill-at', 'kill-at', 'freeze', 'freeze-at', 'stop'))
        if how in ('kill-at', 'freeze-at'):
            kind, number = dice.choice(KILL_KINDS), dice.randrange(1, 12)
            # Frozen before it is carried out: that would be a request of a client long gone.
            moments = MOMENTS if how == 'kill-at' else MOMENTS[1:]
            yield Deed(at, f'{how} {kind} {number} {dice.choice(moments)} {name}')
        else:
            yield Deed(at, f'{how} {name}')
        if how.startswith('freeze'):
            yield Deed(self._after(at, 2.0, 120.0), f'thaw {name}')
        elif dice.random() < 0.7:
            self._fresh += 1
            yield Deed(self._after(at, 0.5, 60.0), f'start w{self._fresh}')

    def destination(self) -> Iterator[Deed]:
        """Whoever works on a rebuild at that moment fails, and perhaps comes back."""
        at, what = self._some(), self._dice.choice(FAILURES)
        yield Deed(at, f'destination {what} {self._dice.choice(("alarm", "silent"))}')
        if self._dice.random() < 0.4:
            yield Deed(at, f'rebuild-gives-up {self._dice.randrange(5)}')

    def false_alarm(self) -> Iterator[Deed]:
        dice, host = self._dice, self._dice.choice(self._hosts)
        host = dice.choice((host, host, host.upper(), f'{host}.example.org', 'compute-99'))
        ago = dice.choice((0, 0, 600))
        yield Deed(self._some(), f'alarm host-down {host} false-{self._some()} ago={ago}')

    def database(self) -> Iterator[Deed]:
        yield Deed(self._some(), f'store-away {self._dice.choice((2, 10, 45))}')

    def clock(self) -> Iterator[Deed]:
        name, by = self._dice.choice((('wall-clock', 300), ('wall-clock', 20), ('api-clock', 40)))
        yield Deed(self._some(), f'{name}-steps {self._dice.choice((by, -by))}')

    def cell(self) -> Iterator[Deed]:
        at = self._some()
        yield Deed(at, 'hang-cell')
        yield Deed(self._after(at, 5.0, 120.0), 'hang-cell off')

    def switch(self) -> Iterator[Deed]:
        at, pair = self._some(), self._dice.choice((('pause', 'unpause'), ('disarm', 'arm')))
        yield Deed(at, pair[0])
        if self._dice.random() < 0.8:
            yield Deed(self._after(at, 1.0, 120.0), pair[1])

    def mark(self) -> Iterator[Deed]:
        dice, at, host = self._dice, self._some(), self._dice.choice(self._hosts)
        on, off = dice.choice((
            (f'maintenance {host} on', f'maintenance {host} off'),
            (f'foreign disable {host}', f'foreign enable {host}'),
            (f'foreign force-down {host}', f'foreign force-up {host}'),
        ))  # fmt: skip
        yield Deed(at, on)
        if dice.random() < 0.6:
            yield Deed(self._after(at, 10.0, 200.0), off)

    def operator(self) -> Iterator[Deed]:
        dice = self._dice
        if dice.random() < 0.5:
            yield Deed(self._some(), f'obey {dice.randrange(8)}')
            return
        what = dice.choice((
            'cancel undo', 'cancel leave', 'approve', 'reject', 'rerun failed', 'rerun all',
            f'host-return {dice.choice(self._hosts)}', f'confirm {dice.choice(self._hosts)}',
        ))  # fmt: skip
        word, _, rest = what.partition(' ')
        recovery = f' {dice.randrange(4)}' if word not in ('host-return', 'confirm') else ''
        yield Deed(self._some(), ' '.join(['people', word, *rest.split()]) + recovery)

    def user(self) -> Iterator[Deed]:
        number = self._dice.randrange(24)
        what = self._dice.choice(('delete', 'delete', 'live-migration'))
        yield Deed(self._some(), f'user {what} {number} {self._dice.choice(self._hosts)}')
