"""The verbs of a script: what befalls the world, what people say, and letting time pass.

Each is a method of :class:`Verbs`, its words are the arguments: ``live-migration vm-2 a b running``
calls ``live_migration('vm-2', 'a', 'b', 'running')``; words with ``=`` are named arguments. What
a method returns is what the verb was answered, and stands in the story.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
import yaml

from drivers.contracts.alarms import Alarm, Resolved
from drivers.simulated.faults import Note
from drivers.simulated.instances import Instance
from recovery.db import scopes, states, tables
from recovery.db.scopes import CLOUD
from recovery.intake.admission import Outcome
from recovery.intake.plan import Plan, plan
from recovery.intake.receive import receive
from recovery.intake.returning import request_return
from recovery.operate import confirm, enrol, hold, labels, rerun, service, settle, windows
from recovery.operate.cancel import How, cancel
from recovery.operate.resolved import resolved
from recovery.service.worker import Worker
from tests.reserves import Reserves
from tests.stage import Stage

MISHAPS = ('crash', 'isolate', 'reconnect', 'freeze-agent', 'thaw-agent', 'kill-agent',
           'start-agent', 'lose-power', 'give-power')  # fmt: skip
ANN, WHY = 'ann', 'because'
#: What a decision may leave behind. Processes write of themselves all the time.
WRITTEN = {name: getattr(tables, name) for name in (
    'alarm', 'decision', 'event', 'guard', 'host', 'intent', 'item', 'recovery')}  # fmt: skip


class Verbs:
    """Acts on one stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.world = stage.world
        self.reserves = Reserves(stage)
        self.away_until = 0.0
        self._listening = False

    def do(self, words: Sequence[str]) -> str:
        """Carry out one line of a script. Raises ValueError for a verb that there is not."""
        name, *rest = words
        named = dict(word.split('=', 1) for word in rest if '=' in word)
        plain = [word for word in rest if '=' not in word]
        if name in MISHAPS:
            getattr(self.world, name.replace('-', '_'))(*plain)
            return ''
        method: Callable[..., str | None] | None = getattr(self, name.replace('-', '_'), None)
        if method is None or name in ('do', 'end', 'named', 'reserves'):
            raise ValueError(f'there is no verb {name!r}')
        return method(*plain, **{key: _value(value) for key, value in named.items()}) or ''

    def end(self) -> None:
        """After the last verb."""
        if self._listening:
            sa.event.remove(sa.Engine, 'begin', self._refuse)

    # --- time ---------------------------------------------------------------------------------

    def run(self, seconds: str) -> None:
        self.stage.run(float(seconds))

    def until(self, what: str, *more: str, within: float = 1200.0) -> None:
        """``until STATE [CODE]``, or one of the words of _conditions."""
        true, step = self._condition(what, *more)
        self.stage.until(true, within, step)

    def _condition(self, what: str, *more: str) -> tuple[Callable[[], bool], float]:
        stage = self.stage
        if what == 'ended':
            return stage.ended, 1.0
        if what == 'sent':  # KIND NUMBER: so many requests of a kind were received since the start
            kind, number = more
            counts = self.world.faults.counts
            return lambda: counts().get(kind, 0) >= int(number), 0.1
        if what == 'items':  # STATE NUMBER
            state, number = more
            return lambda: self._items(state) >= int(number), 0.1
        if what == 'settled':  # nothing wants a worker or has one
            busy = (states.READY, states.RUNNING)
            return lambda: all(row['state'] not in busy for row in stage.recoveries()), 1.0
        if what == 'step':
            return lambda: stage.recovery()['phase'] == more[0], 0.1
        if what == 'returned':  # a host-return has begun after the rest, and has ended
            return lambda: stage.ended() and stage.recovery()['kind'] == 'host-return', 1.0
        if what not in states.MEANINGS:
            raise ValueError(f'until what? {what!r}')

        def reached() -> bool:
            if stage.state() != what:
                return False
            return not more or stage.recovery()['code'] == more[0]

        return reached, 1.0

    def _items(self, state: str) -> int:
        return sum(row['state'] == state for row in self.stage.rows(tables.item))

    def wall_clock(self, seconds: str) -> None:
        """The wall clock of our machines jumps; that of Nova does not."""
        self.stage.clock.step_wall(float(seconds))

    def api_clock(self, seconds: str) -> None:
        """The clock of Nova's API is wrong by so much."""
        self.world.api_step = float(seconds)

    # --- processes ----------------------------------------------------------------------------

    def start(self, name: str, host: str = 'controller', without: str = '') -> None:
        """A worker (w...) or watcher (watcher...); ``without`` a flow that it cannot import."""
        if name.startswith('watcher'):
            self.stage.watcher(name)
        elif without:
            self._strange_worker(name, without)
        else:
            self.stage.worker(name, host)

    def _strange_worker(self, name: str, without: str) -> None:
        stage = self.stage
        site = stage.process(name, 'worker')
        stop = stage.stops[name] = threading.Event()

        def body() -> None:
            worker = Worker(site)
            known = worker._conductor._builder

            def builder(kind: str) -> Callable[..., Any]:
                if kind == without:
                    raise LookupError(f'recovery.flows has no usable {kind!r}')
                return known(kind)

            worker._conductor._builder = builder
            worker.run(stop)

        stage.clock.spawn(name, body)

    def stop(self, name: str) -> None:
        """SIGTERM."""
        self.stage.stop(name)

    def kill(self, name: str) -> None:
        """SIGKILL."""
        self.stage.kill(name)

    def freeze(self, name: str) -> None:
        """SIGSTOP."""
        self.stage.clock.freeze(name)

    def freeze_at(self, kind: str, number: str, moment: str, name: str) -> None:
        """SIGSTOP at one moment of the n-th request of that kind; see KillPoint."""

        def stop(_note: Note) -> bool:
            self.stage.clock.freeze(name)
            return False

        self.world.faults.kill(kind, int(number), moment, stop, f'{name}/*')

    def kill_at(self, kind: str, number: str, moment: str, name: str) -> None:
        """SIGKILL at one moment of the n-th request of that kind; see KillPoint."""

        def die(_note: Note) -> bool:
            self.stage.kill(name)
            return True

        self.world.faults.kill(kind, int(number), moment, die, f'{name}/*')

    def thaw(self, name: str) -> None:
        """SIGCONT. What it lost meanwhile it must not act for any more: the oracle is told."""
        for row in self.stage.recoveries():
            if row['worker'] != name:
                self.note('claim.lost', f'{name}/{row["id"][:8]}')
        self.stage.clock.thaw(name)

    def store_away(self, seconds: str) -> None:
        """The database answers nobody but this player for so long."""
        self.away_until = self.stage.clock.elapsed() + float(seconds)
        if not self._listening:
            sa.event.listen(sa.Engine, 'begin', self._refuse)
            self._listening = True

    def _refuse(self, _connection: sa.Connection) -> None:
        clock = self.stage.clock
        if clock.actor and clock.elapsed() < self.away_until:
            lost = sqlite3.OperationalError('unable to open database file')
            raise sa.exc.OperationalError('BEGIN', None, lost)

    def isolate_many(self, first: str, last: str) -> None:
        """The network between these hosts, by number, and the control plane is cut."""
        for number in range(int(first), int(last) + 1):
            self.world.isolate(f'compute-{number:02d}')

    def reconnect_many(self, first: str, last: str) -> None:
        for number in range(int(first), int(last) + 1):
            self.world.reconnect(f'compute-{number:02d}')

    # --- what the world does ------------------------------------------------------------------

    def fault(
        self, kind: str, effect: str, value: float | str | None = None, **more: object
    ) -> None:
        self.world.faults.add(kind, effect, value, **more)

    def clear_faults(self) -> None:
        self.world.faults.clear()

    def hang_cell(self, how: str = 'on') -> None:
        """H2: a cell database hangs, and Nova answers 200 and nothing."""
        self.world.cell_hangs = how == 'on'

    def swap_bmcs(self, one: str, other: str) -> None:
        self.world.swap_bmcs(one, other)

    def setting(self, name: str, value: str) -> None:
        setattr(self.world.settings, name, _value(value))

    def host(self, name: str, **fields: Any) -> None:
        """Set fields of a host's truth: ``host compute-02 boots_well=false``."""
        with self.world:
            for key, value in fields.items():
                setattr(self.world.hosts[name], key, value)

    def instance(self, name: str, **fields: Any) -> None:
        """Set fields of Nova's record of an instance."""
        with self.world:
            self.world.update(self._instance(name), **fields)

    def delete(self, name: str) -> None:
        self.world.delete_instance(self._instance(name).id)

    def crash_guest(self, name: str, seen_after: float = 15.0) -> None:
        """The guest dies, and its host lives."""
        self.world.crash_guest(self._instance(name).id, seen_after)

    def hang_guest(self, name: str) -> None:
        """The guest runs, and does nothing any more."""
        self.world.hang_guest(self._instance(name).id)

    def guest(self, name: str, host: str, state: str) -> None:
        """What a hypervisor really has, whatever Nova says."""
        with self.world:
            self.world.set_guest(
                self.world.hosts[host], self._instance(name).id, None if state == 'none' else state
            )

    def live_migration(self, name: str, source: str, destination: str, status: str) -> None:
        self.migration('live-migration', name, source, destination, status)

    def migration(self, kind: str, name: str, source: str, destination: str, status: str) -> None:
        """A migration record appears, made by somebody else."""
        with self.world:
            self.world.add_migration(
                self._instance(name), kind, status, source=source, destination=destination
            )

    def migration_status(self, name: str, status: str) -> None:
        """The newest record of an instance changes."""
        with self.world:
            own = [one for one in self.world.migrations if one.instance == self._instance(name).id]
            self.world.set_status(own[-1], status)

    def rebuild_fails(self, name: str) -> None:
        """The destination gives the rebuild of an instance up, cleanly."""
        with self.world:
            instance = self._instance(name)
            works = self.world.rebuilds._work
            found = next(one for one in works if one.instance is instance)
            works.remove(found)
            found.since = None
            self.world.set_status(found.record, 'failed')
            self.world.release(instance.id, found.destination.provider)
            self.world.update(instance, vm_state='error', task_state=None)
            self.world.note('evacuate.failed', instance.id, destination=found.destination.name)

    def disable(self, host: str, *reason: str) -> None:
        """Somebody else disables a service."""
        with self._somebody_else(host):
            self.world.services.change(
                self.world.hosts[host], enabled=False, reason=' '.join(reason)
            )

    def enable(self, host: str) -> None:
        """Somebody else enables it again."""
        with self._somebody_else(host):
            self.world.services.change(self.world.hosts[host], enabled=True)

    def force_down(self, host: str, how: str = 'on') -> None:
        """Somebody else forces a service down, or takes that back."""
        with self._somebody_else(host):
            self.world.services.change(self.world.hosts[host], forced_down=how == 'on')

    @contextlib.contextmanager
    def _somebody_else(self, host: str) -> Iterator[None]:
        """What happens to the marks of a host meanwhile is not ours."""
        with self.world:
            self.world.note('others.begin', host)
            yield
            self.world.note('others.end', host)

    def evacuate(self, name: str, target: str | None = None) -> None:
        """Somebody else evacuates an instance."""
        with self.world:
            self.world.rebuilds.accept(self._instance(name), target=target)

    def note(self, what: str, subject: str = '', **detail: Any) -> None:
        """Tell the oracle what it cannot see."""
        with self.world:
            self.world.note(what, subject, **detail)

    def _instance(self, name: str) -> Instance:
        return next(one for one in self.world.instances.values() if one.name == name)

    def found_segment(self, name: str, method: str, *hosts: str) -> None:
        """A segment with that recovery method, and hosts that are members of it."""
        self.reserves.segment(name, method, *hosts)

    def reserve(self, name: str, *hosts: str) -> None:
        """Hosts of a segment that are reserved, in the order of their registration; Nova has
        them disabled."""
        self.reserves.reserve(name, *hosts)

    def members(self) -> str:
        """Which hosts are reserved, and which a recovery took."""
        return self.reserves.said()

    def aggregates(self) -> str:
        """Which hosts Nova has in which."""
        found = self.world.aggregates.items()
        return ', '.join(f'{name}: {" ".join(sorted(hosts))}' for name, hosts in found)

    # --- alarms -------------------------------------------------------------------------------

    def alarm(
        self, kind: str, subject: str, key: str | None = None, ago: float = 0.0,
        source: str = 'test', event: str = '',
    ) -> str:  # fmt: skip
        """About a host, or about an instance by its name."""
        at = self.stage.clock.now() - ago
        if kind.startswith('instance-'):
            named = (one.id for one in self.world.instances.values() if one.name == subject)
            subject = next(named, subject)
        evidence = {'event': event} if event else {}
        return _said(
            self.stage.alarm(subject, kind=kind, key=key, at=at, source=source, evidence=evidence)
        )

    def alarms(self, number: str, *hosts: str) -> str:
        """So many alarms about each host at once, every one of them by a sender of its own."""
        stage, said = self.stage, list[str]()

        def sender(host: str, key: str) -> Callable[[], None]:
            alarm = Alarm('test', key, 'host-down', host, stage.clock.now())
            return lambda: said.append(receive(stage.site, alarm).answer)

        ended = [
            stage.clock.spawn(f'sender{turn}', sender(host, stage.clock.new_id()))
            for turn, host in enumerate(host for host in hosts for _ in range(int(number)))
        ]
        for one in ended:
            stage.clock.run(event=one)
        return ', '.join(f'{said.count(word)} {word}' for word in sorted(set(said)))

    # --- what operators say -------------------------------------------------------------------

    def plan(self, host: str) -> str:
        """What would happen to a host that failed now. AssertionError when anything is written."""
        before = self._all_rows()
        planned: Plan = self._ask(lambda: plan(self.stage.site, host))
        assert self._all_rows() == before, 'a plan has written something'
        actions = Counter(one.action for one in planned.instances or ())
        counted = ', '.join(f'{count} {action}' for action, count in sorted(actions.items()))
        return f'{planned.decision.word}: {planned.decision.answer.reason} ({counted or "nothing"})'

    def _all_rows(self) -> dict[str, list[Any]]:
        return {name: self.stage.rows(table) for name, table in WRITTEN.items()}

    def approve(self, number: int = 0) -> str:
        recovery = self._recovery(number)
        gates = self._ask(lambda: hold.approve(self._store, recovery, by=ANN, reason=WHY))
        return f'approved: {", ".join(gates)}'

    def reject(self) -> None:
        self._ask(lambda: hold.reject(self._store, self._recovery(), by=ANN, reason=WHY))

    def confirm_fenced(self, host: str) -> str:
        site = self.stage.site
        said = self._ask(lambda: confirm.confirm_fenced(site, host, by=ANN, reason='I saw it'))
        self.note('confirmed', host)
        return str(said.readings)

    def rerun(self, which: str = 'failed', of: int = 0) -> None:
        chosen = rerun.Which(which)
        recovery = self._recovery(of)
        self._ask(lambda: rerun.rerun(self._store, recovery, chosen, by=ANN, reason=WHY))

    def cancel(self, how: str) -> str:
        recovery = self._recovery()
        return str(self._ask(lambda: cancel(self._store, recovery, How(how), by=ANN, reason=WHY)))

    def resolved(self, kind: str, host: str, source: str = 'test') -> str:
        """Its source says that it is over, and is believed."""
        over = Resolved(source, '', kind, host, self.stage.clock.now())
        return str(self._ask(lambda: resolved(self.stage.site, over, ends=True)))

    def settle(self, name: str, seen: str) -> None:
        said, recovery = settle.Seen(seen), self._recovery()
        self._ask(
            lambda: settle.settle(self._store, recovery, name, said, by=ANN, reason='I looked')
        )

    def host_return(self, host: str, *words: str) -> str:
        accept, rebooted = 'accept-leftovers' in words, 'rebooted' in words
        return _said(
            self._ask(
                lambda: request_return(
                    self.stage.site, host, by=ANN, reason='repaired', accept_leftovers=accept,
                    rebooted=rebooted,
                )
            )
        )  # fmt: skip

    def pause(self, scope: str = CLOUD) -> None:
        """Everything, or ``host:NAME``, or ``segment:NAME``."""
        self._ask(lambda: service.pause(self._store, by=ANN, reason=WHY, scope=scope))
        self._note_scope('paused', scope)

    def unpause(self, scope: str = CLOUD) -> None:
        self._note_scope('unpaused', scope)
        self._ask(lambda: service.unpause(self._store, by=ANN, reason=WHY, scope=scope))

    def _note_scope(self, what: str, scope: str) -> None:
        """Tell the oracle, host by host."""
        with self.stage.site.store.read() as connection:
            covered = [
                name for name in self.world.hosts if scope in scopes.covering(connection, name)
            ]
        for name in [''] if scope == CLOUD else covered:
            self.note(what, name)

    def disarm(self, scope: str = CLOUD) -> None:
        self._ask(lambda: service.disarm(self._store, by=ANN, reason=WHY, scope=scope))

    def arm(self, scope: str = CLOUD) -> None:
        self._ask(lambda: service.arm(self._store, by=ANN, reason=WHY, scope=scope))

    def window(self, scope: str, last: str, begin: str = '0') -> None:
        """A maintenance window, so many seconds from now, for so many seconds."""
        begins = self.stage.clock.now() + float(begin)
        self._ask(
            lambda: windows.add(
                self._store, scope=scope, begins_at=begins, ends_at=begins + float(last),
                by=ANN, reason=WHY,
            )
        )  # fmt: skip

    def segment(self, name: str, *hosts: str) -> None:
        """These hosts belong to that segment."""
        for host in hosts:
            said = partial(labels.label, self._store, host, segment=name, by=ANN, reason=WHY)
            self._ask(said)

    def aggregate(self, name: str, *hosts: str) -> None:
        """Nova has these hosts in that aggregate."""
        self.stage.world.aggregates[name] = hosts

    def maintenance(self, host: str, how: str) -> None:
        on = how == 'on'
        self._ask(lambda: service.maintain(self._store, host, on, by=ANN, reason=WHY))
        self.note('open.forbidden' if on else 'open.permitted', host, why='maintenance is on')

    def enrol(self, host: str) -> None:
        """Record what the devices of a host say they are."""
        site = self.stage.site

        def work() -> None:
            devices = [one for level in site.inventory.path(host).levels for one in level.devices]
            said = {one.name: one.driver.identity(timeout=5.0) or '' for one in devices}
            enrol.enrol(self._store, host, said, by=ANN, reason=WHY)

        self._ask(work)

    def _ask(self, question: Callable[[], Any]) -> Any:
        return self.stage.ask(question)

    def _recovery(self, number: int = 0) -> str:
        return str(self.stage.recovery(number - 1)['id'])

    @property
    def _store(self) -> Any:
        return self.stage.site.store


def _said(outcome: Outcome) -> str:
    verb = f' [{outcome.verb}]' if outcome.verb else ''
    return f'{outcome.answer}: {outcome.reason}{verb}'


def _value(text: str) -> Any:
    return yaml.safe_load(text)
