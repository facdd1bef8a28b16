"""``/_world``: look behind the scenes, and make things happen.

Not a service of the cloud: what is asked here meets no fault and is not counted.

====== ============================ =========================================================
GET    ``/_world``                  the truth of hosts, guests and records
GET    ``/_world/trace?after=N``    what happened, from event N on
GET    ``/_world/verdict?done=H``   what the oracle says; ``done`` and ``excused`` may repeat
GET    ``/_world/requests?of=HOST`` how many requests of each kind were received
POST   ``/_world/host/HOST/WHAT``   lose_power, give_power, crash, isolate, reconnect,
                                    freeze_agent, thaw_agent, kill_agent, start_agent
POST   ``/_world/host/HOST``        set fields of the host, such as autostart
POST   ``/_world/instance``         add an instance: {"host": ..., "vm_state": ...}
POST   ``/_world/instance/ID/WHAT`` crash_guest, hang_guest
POST   ``/_world/fault``            {"kind", "effect", "value", "subject", "count", "skip"}
DELETE ``/_world/fault``            take every fault and kill point away
POST   ``/_world/kill``             {"kind", "number", "moment", "pids", "signal"}
POST   ``/_world/note``             {"what", "subject", ...}: tell the oracle something
POST   ``/_world/settings``         change settings of the world
POST   ``/_world/cell``             {"hangs": true}: a cell database hangs
POST   ``/_world/tokens``           {}: every token is void
POST   ``/_world/bmc``              {"host", "outlet", "verb", "password"}: ask a BMC
====== ============================ =========================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from drivers.simulated.bmc import Bmc
from drivers.simulated.errors import ApiError
from drivers.simulated.faces.http import Answer, Call, Face
from drivers.simulated.faces.keystone import Tokens
from drivers.simulated.hosts import Host
from drivers.simulated.instances import Flavor
from drivers.simulated.oracle import Oracle
from drivers.simulated.pipeline import Caller
from drivers.simulated.signals import SignalClient
from drivers.simulated.world import World

MISHAPS = (
    'lose_power',
    'give_power',
    'crash',
    'isolate',
    'reconnect',
    'freeze_agent',
    'thaw_agent',
    'kill_agent',
    'start_agent',
)

GUEST_MISHAPS = ('crash_guest', 'hang_guest')


class Control(Face):
    """The face of the world itself."""

    prefix = '/_world'

    def __init__(self, world: World, tokens: Tokens) -> None:
        super().__init__()
        self._world = world
        self._tokens = tokens
        posts: Mapping[str, Callable[[Call], Any]] = {
            '/host/{}/{}': self._befall,
            '/host/{}': self._set_host,
            '/instance': self._add_instance,
            '/instance/{}/{}': self._befall_guest,
            '/fault': self._add_fault,
            '/kill': self._add_kill,
            '/note': self._note,
            '/settings': self._settings,
            '/cell': self._cell,
            '/tokens': self._void,
        }
        gets: Mapping[str, Callable[[Call], Any]] = {
            '': self._truth,
            '/trace': self._trace,
            '/verdict': self._verdict,
            '/requests': lambda call: world.faults.counts(call.one('of')),
        }
        for method, table in (('POST', posts), ('GET', gets)):
            for path, handle in table.items():
                self.route(method, path, '', _answering(handle))
        self.route('DELETE', '/fault', '', _answering(lambda _: world.faults.clear()))

    def serve(self, call: Call, caller: Caller) -> Answer:
        """Answer one request. Raises ApiError, Dropped, ClientGone."""
        if call.method == 'POST' and call.path == '/bmc':
            return self._bmc(call, caller)
        try:
            with self._world:
                return self.find(call).handle(call)
        except (KeyError, TypeError, ValueError) as error:
            raise ApiError(400, str(error.args[0] if error.args else error)) from error

    def refusal(self, error: ApiError) -> Answer:
        return Answer({'error': error.message}, error.status)

    def _bmc(self, call: Call, caller: Caller) -> Answer:
        asked = call.body or {}
        if self._world.bmc_password not in (None, asked.get('password')):
            raise ApiError(401, 'the password is wrong')
        bmc = Bmc(self._world, str(asked.get('host')), asked.get('outlet'))
        return Answer({'answer': bmc.ask(str(asked.get('verb')), caller)})

    def _truth(self, call: Call) -> Any:
        world = self._world
        return {
            'time': world.time,
            'hosts': {name: self._host(host) for name, host in world.hosts.items()},
            'instances': {
                instance.id: {**asdict(instance), 'running_on': world.running_on(instance.id)}
                for instance in world.instances.values()
            },
            'migrations': [asdict(record) for record in world.migrations],
            'faults': [asdict(fault) for fault in world.faults.faults],
        }

    def _host(self, host: Host) -> dict[str, Any]:
        return {
            **asdict(host),
            'powered': host.powered,
            'up': self._world.agents.up(host),
            'instances': len(list(self._world.instances_on(host.name))),
        }

    def _trace(self, call: Call) -> Any:
        after = call.number('after') or 0
        events = self._world.trace.events
        return {'next': len(events), 'events': [asdict(event) for event in events[after:]]}

    def _verdict(self, call: Call) -> Any:
        done, excused = call.query.get('done', []), call.query.get('excused', [])
        oracle = Oracle(self._world)
        broken = [asdict(each) for each in oracle.verdict(done, excused)]
        return {'sentence': oracle.sentence(done, excused), 'broken': broken}

    def _befall(self, call: Call) -> Any:
        name, what = call.args
        if what not in MISHAPS:
            raise ApiError(404, f'{what} cannot befall a host; {", ".join(MISHAPS)} can')
        getattr(self._world, what)(name)
        return self._host(self._world.host_of(name))

    def _befall_guest(self, call: Call) -> Any:
        which, what = call.args
        if what not in GUEST_MISHAPS:
            raise ApiError(404, f'{what} cannot befall a guest; {", ".join(GUEST_MISHAPS)} can')
        if which not in self._world.instances:
            raise ApiError(404, f'there is no instance {which}')
        getattr(self._world, what)(which)
        return {}

    def _set_host(self, call: Call) -> Any:
        host = self._world.host_of(call.args[0])
        known = {field.name for field in fields(Host)} - {'guests', 'name'}
        _set(host, call.body, known)
        return self._host(host)

    def _add_instance(self, call: Call) -> Any:
        wanted = dict(call.body)
        if 'flavor' in wanted:
            wanted['flavor'] = Flavor(**wanted['flavor'])
        return asdict(self._world.add_instance(wanted.pop('host'), **wanted))

    def _add_fault(self, call: Call) -> Any:
        return asdict(self._world.faults.add(**call.body))

    def _add_kill(self, call: Call) -> Any:
        wanted = dict(call.body)
        action = SignalClient(tuple(wanted.pop('pids')), wanted.pop('signal', 'SIGKILL'))
        point = self._world.faults.kill(**wanted, action=action)
        return {'kind': point.kind, 'number': point.number, 'moment': point.moment}

    def _note(self, call: Call) -> Any:
        detail = dict(call.body)
        self._world.note(detail.pop('what'), detail.pop('subject', ''), **detail)
        return {}

    def _settings(self, call: Call) -> Any:
        settings = self._world.settings
        _set(settings, call.body, {field.name for field in fields(settings)})
        return asdict(settings)

    def _cell(self, call: Call) -> Any:
        self._world.cell_hangs = bool(call.body['hangs'])
        return {'hangs': self._world.cell_hangs}

    def _void(self, call: Call) -> Any:
        self._tokens.revoke_all()
        return {}


def _answering(handle: Callable[[Call], Any]) -> Callable[[Call], Answer]:
    return lambda call: Answer(handle(call) or {})


def _set(thing: object, wanted: Mapping[str, Any], known: set[str]) -> None:
    for name, value in wanted.items():
        if name not in known:
            raise ValueError(f'there is no {name}; there are {", ".join(sorted(known))}')
        setattr(thing, name, value)
