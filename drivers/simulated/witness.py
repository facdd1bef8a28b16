"""Witnesses and channels of a simulated world, and drivers that ask them.

Both are reached through the world's faults: ``witness.ask`` about ``NAME/ASKER``, where ASKER is
the process that asks, and ``life.look`` about ``HOST/NAME``, where NAME is the first word of the
target.
"""

from __future__ import annotations

from typing import Self, TypeVar

from drivers.contracts.errors import Unreachable
from drivers.contracts.life import LifeDriver, Seen, fill
from drivers.contracts.witness import WitnessDriver
from drivers.simulated.bmc import patient, world_here
from drivers.simulated.errors import ApiError, ClientGone, Dropped, Silent
from drivers.simulated.pipeline import Caller, Faulted, Request

T = TypeVar('T')


class SimulatedWitness(WitnessDriver):
    """``sim://NAME``: there, unless a fault says otherwise."""

    def __init__(self, url: str) -> None:
        self._name = url.partition('://')[2]

    @classmethod
    def build(cls, url: str) -> Self:
        return cls(url)

    def ask(self, *, timeout: float) -> str:
        world = world_here(f'sim://{self._name}')
        caller = patient(world, timeout)
        subject = f'{self._name}/{caller.client.partition("/")[0]}'

        def answer(met: Faulted) -> str:
            return str(met['lie'].value) if 'lie' in met else 'there'

        try:
            return _served(Request(world, 'witness.ask', subject, caller, answer), caller)
        except ClientGone as error:
            raise Unreachable(str(error)) from error
        except (ApiError, Dropped) as error:
            raise Unreachable('the connection was closed') from error


class SimulatedLife(LifeDriver):
    """``sim:NAME of {host}``, say: what a network of its own shows of a host. A kernel that runs
    is life; the cut that takes a host from the control plane takes it not from here."""

    def __init__(self, target: str) -> None:
        self._target = target

    @classmethod
    def build(cls, target: str) -> Self:
        return cls(target)

    def look(self, host: str, *, timeout: float) -> Seen:
        world = world_here(fill(self._target, host))
        subject = f'{host}/{self._target.partition(":")[2].split()[0]}'

        def answer(met: Faulted) -> bool:
            found = world.hosts.get(host)
            if found is None or not found.powered or found.kernel != 'running':
                raise Silent(host)
            return True

        caller = patient(world, timeout)
        try:
            _served(Request(world, 'life.look', subject, caller, answer), caller)
        except ClientGone:
            return Seen(False, 'no answer in time')
        except (ApiError, Dropped) as error:
            return Seen(None, f'could not be asked: {error}')
        return Seen(True, 'answers')


def _served(request: Request[T], caller: Caller) -> T:
    """The answer, and what is to happen once the caller has it."""
    answer = request.serve()
    for run in caller.after:
        run()
    return answer
