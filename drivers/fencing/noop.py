"""Fencing that only pretends, for labs: nothing is cut, and it reads OFF all the same."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from drivers.contracts.errors import Refused, Unreachable
from drivers.contracts.fencing import FencingDriver, PowerState
from drivers.contracts.objection import Objection

POWER = {'on': PowerState.ON, 'off': PowerState.OFF}  # the rest: UNKNOWN


class NoopFencing(FencingDriver):
    """Remembers what was asked, in one file for each host, and says that it was done.

    Its OFF would permit an evacuation from a host that still runs, and so two copies of each
    instance: an inventory refuses it unless the configuration, which nobody copies together
    with an inventory, permits pretence, and warns of it even then. A file that is missing or
    says anything else than on or off is UNKNOWN: a lost directory is no proof.
    """

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'required': ['state', 'plug'],
        'additionalProperties': False,
        'properties': {
            'state': {
                'type': 'string',
                'pattern': '^/',
                'place': True,
                'description': 'a directory that all workers share: a path from the root',
            },
            'plug': {
                'type': 'string',
                'pattern': r'^[A-Za-z0-9_{}-][A-Za-z0-9._{}-]*$',
                'description': 'the name of the file: {host}, or a word',
            },
        },
    }

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._file = Path(settings['state'], settings['plug'])

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        """A driver from settings that SETTINGS_SCHEMA accepts."""
        return cls(settings)

    @classmethod
    def objections(cls, settings: Mapping[str, Any], *, lab: bool) -> Iterator[Objection]:
        """Refused, unless this is a lab."""
        yield Objection(
            'noop cuts no power and says that it did'
            + (
                '; its proofs are worth nothing'
                if lab
                else ': name the device of this host, or set [fencing] allow_noop = true where '
                'nothing can be lost'
            ),
            blocks=not lab,
        )

    def __repr__(self) -> str:
        return f'NoopFencing({self._file})'

    def power_state(self, *, timeout: float) -> PowerState:
        try:
            return POWER.get(self._file.read_text().strip(), PowerState.UNKNOWN)
        except FileNotFoundError:
            return PowerState.UNKNOWN
        except (OSError, UnicodeDecodeError) as error:
            raise Unreachable(f'{self._file} cannot be read: {error}') from error

    def power_off(self, *, timeout: float) -> None:
        self._write('off')

    def power_on(self, *, timeout: float) -> None:
        self._write('on')

    def identity(self, *, timeout: float) -> str | None:
        return None

    def _write(self, word: str) -> None:
        new = self._file.with_name(f'.{self._file.name}.{os.getpid()}')
        try:
            new.write_text(f'{word}\n')
            new.replace(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
            raise Refused(f'{self._file} cannot be written: {error.strerror}') from error
