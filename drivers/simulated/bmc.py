"""The BMCs of a simulated world, and a fencing driver that speaks to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import urlsplit

import requests

from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable
from drivers.contracts.fencing import FencingDriver, PowerState
from drivers.simulated.errors import ApiError, ClientGone, Dropped, Silent
from drivers.simulated.hosts import Host
from drivers.simulated.pipeline import Caller, Faulted, Request
from drivers.simulated.world import World

T = TypeVar('T')

POWER = {'on': PowerState.ON, 'off': PowerState.OFF}  # the rest: UNKNOWN
ERRORS = {401: AccessDenied, 403: AccessDenied, 404: NotFound}  # other 4xx: Refused

_attached: dict[str, World] = {}


def attach(world: World | None) -> None:
    """Make this the world in which ``sim://HOST`` is found, in this process."""
    _attached.clear()
    if world is not None:
        _attached['world'] = world


def world_here(address: str) -> World:
    """The attached world. Raises Refused when there is none."""
    world = _attached.get('world')
    if world is None:
        raise Refused(f'{address}: no simulated world is attached to this process')
    return world


@dataclass(frozen=True)
class Bmc:
    """What one BMC, or one outlet of a PDU, does when it is asked. Called under the lock."""

    world: World
    host: str
    outlet: str | None = None

    @property
    def machine(self) -> Host:
        """The machine that is really behind it: not always the one that is meant (H4)."""
        host = self.world.hosts.get(self.host)
        if host is None:
            raise ApiError(404, f'there is no {self.host} here')
        return self.world.hosts[host.bmc_of or host.name]

    def state(self, met: Faulted) -> str:
        """'on', 'off', or something else while it changes."""
        machine = self._reached()
        if self.outlet is not None:
            truth = 'on' if machine.feeds[self.outlet] else 'off'
        elif machine.transition is not None:
            truth = f'powering-{machine.transition}'
        else:
            truth = 'on' if machine.powered else 'off'
        said = truth
        if 'lie' in met:
            said = str(met['lie'].value)
        if 'noise' in met:
            said = 'noise'
        self.world.note('bmc.read', machine.name, said=said, asked_of=self.host)
        return said

    def switch(self, wanted: str, met: Faulted) -> str:
        """Accept a request; it is carried out a moment later."""
        machine = self._reached()
        if 'stuck' not in met:
            self.world.power.request(machine, wanted, self.outlet, self.host)
        return 'accepted'

    def identity(self, met: Faulted) -> str:
        """A serial number."""
        machine = self._reached()
        if 'lie' in met:
            return str(met['lie'].value)
        return machine.serial if self.outlet is None else f'{self.outlet}@{machine.serial}'

    def _reached(self) -> Host:
        machine = self.machine
        if self.outlet is None:
            if not machine.fed:
                raise Silent(f'the BMC of {machine.name} has no current')
        elif self.outlet not in machine.feeds:
            raise ApiError(404, f'{machine.name} has no outlet {self.outlet}')
        return machine

    def ask(self, verb: str, caller: Caller) -> str:
        """One request, with the faults that it meets."""
        acts: dict[str, Callable[[Faulted], str]] = {
            'power-state': self.state,
            'power-off': lambda met: self.switch('off', met),
            'power-on': lambda met: self.switch('on', met),
            'identity': self.identity,
        }
        subject = self.host if self.outlet is None else f'{self.host}/{self.outlet}'
        request = Request(self.world, f'bmc.{verb}', subject, caller, acts[verb])
        return request.serve()


class SimulatedFencing(FencingDriver):
    """One device of a simulated world: in this process, or served by ``recovery-simulated``."""

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'required': ['address'],
        'additionalProperties': False,
        'properties': {
            'address': {
                'type': 'string',
                'pattern': r'^(sim|https?)://[^\s/@]+(/[^\s/]+)?$',
                'description': 'sim://HOST in this process, or http://127.0.0.1:PORT/HOST',
            },
            'system': {
                'type': 'string',
                'minLength': 1,
                'description': 'the host, where the address does not name it: many hosts behind '
                'http://127.0.0.1:PORT',
            },
            'plug': {
                'type': 'string',
                'minLength': 1,
                'description': 'an outlet of the PDU that feeds the host; left out: its BMC',
            },
            'username': {'type': 'string', 'credential': True},
            'password': {'type': 'string', 'secret': True},
        },
    }

    def __init__(self, settings: Mapping[str, Any], world: World | None = None) -> None:
        self._address = str(settings['address'])
        self._outlet = settings.get('plug')
        self._password = settings.get('password')
        self._world = world
        url = urlsplit(self._address)
        self._served = f'{url.scheme}://{url.netloc}' if url.scheme != 'sim' else None
        named = url.path.strip('/') if self._served else url.netloc
        self._host = str(settings.get('system', named))

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        """A driver from settings that SETTINGS_SCHEMA accepts."""
        return cls(settings)

    def __repr__(self) -> str:
        return f'SimulatedFencing({self._address}, {self._outlet})'

    def power_state(self, *, timeout: float) -> PowerState:
        return POWER.get(self._ask('power-state', timeout), PowerState.UNKNOWN)

    def power_off(self, *, timeout: float) -> None:
        self._ask('power-off', timeout)

    def power_on(self, *, timeout: float) -> None:
        self._ask('power-on', timeout)

    def identity(self, *, timeout: float) -> str | None:
        return self._ask('identity', timeout)

    def _ask(self, verb: str, timeout: float) -> str:
        try:
            if self._served is not None:
                return self._ask_there(self._served, verb, timeout)
            return self._ask_here(verb, timeout)
        except ApiError as error:
            raise self._explained(error.status, error.message) from error
        except (ClientGone, Dropped, requests.RequestException, ValueError) as error:
            raise Unreachable(f'{self._address} gave no answer to {verb}: {error}') from error

    def _explained(self, status: int, message: str) -> DriverError:
        sentence = f'{self._address}: {message}'
        if status >= 500:
            return Unreachable(sentence)
        return ERRORS.get(status, Refused)(sentence, status=status)

    def _ask_here(self, verb: str, timeout: float) -> str:
        world = self._world or world_here(self._address)
        caller = patient(world, timeout)
        if world.bmc_password not in (None, self._password):
            raise AccessDenied(f'{self._address}: the password is wrong', status=401)
        answer = Bmc(world, self._host, self._outlet).ask(verb, caller)
        for run in caller.after:
            run()
        return answer

    def _ask_there(self, served: str, verb: str, timeout: float) -> str:
        question = {
            'host': self._host,
            'outlet': self._outlet,
            'verb': verb,
            'password': self._password,
        }
        answer = requests.post(f'{served}/_world/bmc', json=question, timeout=timeout)
        body = answer.json()
        if answer.status_code != 200:
            raise ApiError(answer.status_code, str(body.get('error')))
        return str(body['answer'])


def patient(world: World, timeout: float) -> Caller:
    """The calling actor or thread, with so many seconds of patience. Raises Killed in a dead one:
    it sends nothing more."""
    clock = world.clock
    check = getattr(clock, 'check', None)
    if check is not None:
        check()
    until = clock.elapsed() + timeout

    def wait(seconds: float) -> None:
        left = until - clock.elapsed()
        clock.wait(None, max(0.0, min(seconds, left)))
        if seconds > left:
            raise ClientGone(f'no answer within {timeout:g} s')

    return Caller(str(getattr(clock, 'actor', '')), wait)
