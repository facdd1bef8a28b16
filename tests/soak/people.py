"""Verbs of a run that depend on the moment: what people do, and what befalls whoever is meant.

People here are honest: who says that a host is off has looked at it, and leaves it off. What a
human who errs can break is no finding.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from drivers.contracts.errors import DriverError
from drivers.simulated.errors import ApiError
from flows.stop import StoreAway
from recovery.db import hosts, states, tables
from recovery.operate import confirm, hold, rerun, service, settle
from recovery.operate.cancel import How, cancel
from recovery.operate.refusal import Refusal
from tests.scenarios.verbs import ANN, WHY, Verbs
from tests.stage import Stage

Row = Mapping[str, Any]

#: Answers that are no error: a no with its reason, or somebody who could not be asked.
NO = (Refusal, DriverError, StoreAway)
#: Commands that look and change nothing.
LOOKS = ('doctor', 'host check', 'host show', 'items', 'list', 'plan', 'show', 'watch', 'worker',
         'fence')  # fmt: skip


class Unknown(Exception):
    """A recovery names a command that nobody can carry out."""


class People(Verbs):
    """Acts on one stage, and tells the oracle what people have allowed."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.approved: set[tuple[str, str]] = set()  #: recovery and gate, ever
        self.sworn: dict[str, str] = {}  #: host that a human said is off: for which recovery
        self.stepped = 0.0  #: by how much the wall clock is wrong now
        self.ever_stepped = False
        self.frozen: set[str] = set()
        self.marks: set[tuple[str, str]] = set()  #: of somebody else: host, and which flag

    # --- the world ----------------------------------------------------------------------------

    def cure(self, what: str, host: str) -> None:
        """A host comes back by itself; not one that a human vouches for."""
        if what == 'give-power' and self._vouched(host):
            return
        getattr(self.world, what.replace('-', '_'))(host)

    def _vouched(self, host: str) -> bool:
        live = {row['id'] for row in self.stage.recoveries() if row['state'] in states.LIVE}
        return self.sworn.get(host) in live

    def destination(self, what: str, said: str) -> None:
        """Whoever rebuilds an instance right now fails."""
        works = self.world.rebuilds._work
        if works:
            host = works[0].destination.name
            getattr(self.world, what.replace('-', '_'))(host)
            if said == 'alarm':
                self.alarm('host-down', host)

    def rebuild_gives_up(self, number: str) -> None:
        """A destination ends a rebuild, cleanly."""
        works = self.world.rebuilds._work
        if works:
            self.rebuild_fails(works[int(number) % len(works)].instance.name)

    def user(self, what: str, number: str, host: str) -> None:
        """The owner of an instance does something to it."""
        there = [one for one in self.world.instances.values() if one.vm_state != 'deleted']
        if not there:
            return
        instance = there[int(number) % len(there)]
        if what == 'delete':
            self.delete(instance.name)
        elif instance.host and instance.host != host:
            self.live_migration(instance.name, instance.host, host, 'running')

    def foreign(self, what: str, host: str) -> None:
        """Somebody else's mark on a service, and how he takes it back."""
        flag = 'enabled' if what in ('disable', 'enable') else 'forced_down'
        truth = self.world.hosts[host]
        taken_back = (host, flag) in self.marks and not self._ours(host)
        if what in ('enable', 'force-up') and not taken_back:
            return
        if what == 'force-down' and truth.forced_down:
            return
        if what == 'disable':
            self.disable(host, 'a human is at work here')
        elif what == 'force-down':
            self.force_down(host)
        else:
            with contextlib.suppress(ApiError), self._somebody_else(host):
                if flag == 'enabled':
                    self.world.services.change(truth, enabled=True)
                else:
                    self.world.services.change(truth, forced_down=False)
        if what in ('disable', 'force-down'):
            self.marks.add((host, flag))
            self.note('mark.foreign', host, flag=flag)
            return
        self.marks.discard((host, flag))
        self.note('mark.cleared', host, flag=flag)

    def _ours(self, host: str) -> bool:
        with self.stage.site.store.read() as connection:
            marked = hosts.get(connection, host).failed_by is not None
        live = [row for row in self.stage.recoveries() if row['state'] in states.LIVE]
        return marked or any(row['host'] == host for row in live)

    def wall_clock_steps(self, seconds: str) -> None:
        """The wall clock of our machines jumps."""
        self.stepped += float(seconds)
        self.ever_stepped = True
        self.wall_clock(seconds)

    def api_clock_steps(self, seconds: str) -> None:
        """The clock of Nova's API jumps."""
        self.api_clock(seconds)

    # --- processes ----------------------------------------------------------------------------

    def kill(self, name: str) -> None:
        self.frozen.discard(name)
        super().kill(name)

    def stop(self, name: str) -> None:
        if name in self.stage.stops:
            super().stop(name)

    def freeze(self, name: str) -> None:
        self.frozen.add(name)
        super().freeze(name)

    def freeze_at(self, kind: str, number: str, moment: str, name: str) -> None:
        self.frozen.add(name)
        super().freeze_at(kind, number, moment, name)

    def thaw(self, name: str) -> None:
        """SIGCONT. Who owns what is judged request by request: tests/owners.py."""
        self.frozen.discard(name)
        self.stage.clock.thaw(name)

    # --- people -------------------------------------------------------------------------------

    def approve(self, number: int = 0) -> str:
        row = self._row(number)
        gates = self._ask(lambda: hold.approve(self._store, row['id'], by=ANN, reason=WHY))
        self.approved |= {(row['id'], gate) for gate in gates}
        if {'nova', 'over', 'cell', 'signs', 'life'} & set(gates):
            self.note('fence.allowed', row['host'])
        if 'maintenance' in gates:
            self.note('fence.permitted', row['host'])
        return f'approved: {", ".join(gates)}'

    def maintenance(self, host: str, how: str) -> None:
        on = how == 'on'
        self._ask(lambda: service.maintain(self._store, host, on, by=ANN, reason=WHY))
        if not on:
            self.note('fence.permitted', host)
        elif not self._past_the_line(host):
            self.note('fence.forbidden', host, rule='S16', why='it is in maintenance')

    def _past_the_line(self, host: str) -> bool:
        live = {row['id'] for row in self.stage.recoveries() if row['state'] in states.LIVE}
        intents = self.stage.rows(tables.intent)
        return any(
            row['recovery'] in live and row['host'] == host and row['action'] == 'power-off'
            for row in intents
        )

    def people(self, what: str, *more: str) -> str:
        """An operator does something to some recovery, or host."""
        if what == 'confirm':
            return self.vouch(more[0])
        if what == 'host-return':
            return self.host_return(more[0])
        row = self._row(int(more[-1]))
        store, given = self._store, {'by': ANN, 'reason': WHY}
        if what == 'approve':
            return self.approve(int(more[-1]))
        acts: dict[str, Callable[[], object]] = {
            'reject': lambda: hold.reject(store, row['id'], **given),
            'cancel': lambda: cancel(store, row['id'], How(more[0]), **given),
            'rerun': lambda: self._rerun(row, rerun.Which(more[0])),
        }
        return str(self._ask(acts[what]) or '')

    def _rerun(self, row: Row, which: rerun.Which) -> int:
        """Whoever begins a recovery anew wants its host off: what it has powered off, and what was
        not in service since, whoever works at it."""
        number = rerun.rerun(self._store, row['id'], which, by=ANN, reason=WHY)
        if self.world.hosts[row['host']].forced_down and self._powered_off(row['id']):
            self.note('fence.permitted', row['host'])
        return number

    def _powered_off(self, recovery: str) -> bool:
        intents = self.stage.rows(tables.intent)
        return any((one['recovery'], one['action']) == (recovery, 'power-off') for one in intents)

    def vouch(self, host: str) -> str:
        """confirm-fenced, by somebody who has looked at the host and sees to it."""
        truth = self.world.hosts[host]
        if truth.powered or truth.transition is not None:
            return 'it has power'
        site = self.stage.site
        said = self._ask(lambda: confirm.confirm_fenced(site, host, by=ANN, reason='I saw it'))
        self.sworn[host] = said.recovery
        self.note('confirmed', host)
        return str(said.readings)

    def _row(self, number: int) -> Row:
        """The recovery of that number, counted round and round. Raises Refusal: there is none."""
        rows = self.stage.recoveries()
        if not rows:
            raise Refusal('there is no recovery yet', 'recovery list')
        return rows[number % len(rows)]

    def obey(self, number: str) -> str:
        """Do what one stuck recovery asks for."""
        stuck = [row for row in self.stage.recoveries()
                 if row['state'] in (states.HELD, states.WAITING)]  # fmt: skip
        return self.do_as_told(stuck[int(number) % len(stuck)]) if stuck else ''

    def do_as_told(self, row: Row) -> str:
        """Carry out the command that a recovery names. Raises Unknown: nobody can."""
        words = shlex.split(str(row['verb'] or ''))
        if not words:
            return ''
        command = ' '.join(words[1:])
        if words[0] != 'recovery':
            raise Unknown(f'{row["id"]}: {row["verb"]!r} is no command of ours')
        if command.startswith(LOOKS):
            return ''
        number = next(n for n, one in enumerate(self.stage.recoveries()) if one['id'] == row['id'])
        host, store, given = str(row['host']), self._store, {'by': ANN, 'reason': WHY}
        acts: dict[str, Callable[[], str]] = {
            'approve': lambda: self.approve(number),
            'confirm-fenced': lambda: self.vouch(host),
            'rerun': lambda: self._quiet(lambda: self._rerun(row, rerun.Which.FAILED)),
            'cancel': lambda: self._quiet(lambda: cancel(store, row['id'], How.LEAVE, **given)),
            'settle': lambda: self._settle(row, words[3]),
            'unpause': lambda: self._done(self.unpause),
            'arm': lambda: self._done(self.arm),
            'host return': lambda: self._bring_back(host, words),
            'host maintenance': lambda: self._done(self.maintenance, host, 'off'),
        }  # fmt: skip
        for name, act in acts.items():
            if f'{command} '.startswith(f'{name} '):
                return act()
        raise Unknown(f'{row["id"]}: {row["verb"]!r} is not known to the people of this run')

    def _done(self, act: Callable[..., None], *given: str) -> str:
        act(*given)
        return ''

    def _quiet(self, act: Callable[[], object]) -> str:
        self._ask(act)
        return ''

    def _bring_back(self, host: str, words: list[str]) -> str:
        truth = self.world.hosts[host]
        astray = [one for one, state in truth.guests.items()
                  if state == 'running' and self.world.instances[one].host != host]  # fmt: skip
        if '--rebooted' in words and astray:
            return 'it was not rebooted'
        if '--accept-leftovers' in words:
            self.note('enable.allowed', host)
        return self.host_return(host, *(word.lstrip('-') for word in words if word[:2] == '--'))

    def _settle(self, row: Row, instance: str) -> str:
        """Say of an instance what is so."""
        found = [one for key, one in self.world.instances.items() if key.startswith(instance)]
        runs = self.world.running_on(found[0].id) if found else []
        seen = settle.Seen.LEFT
        if not runs:
            seen = settle.Seen.FAILED
        elif runs != [row['host']] and found[0].host in runs:
            seen = settle.Seen.MOVED
        given = {'by': ANN, 'reason': 'I looked'}
        self._ask(lambda: settle.settle(self._store, row['id'], instance, seen, **given))
        return str(seen)
