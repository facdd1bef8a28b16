"""Fencing by a human: the last level where no device can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn, Self

from drivers.contracts.errors import Refused
from drivers.contracts.fencing import FencingDriver, PowerState


class ManualFencing(FencingDriver):
    """Nobody that a program could ask.

    It refuses with the sentence that a human needs, and never reads anything but UNKNOWN: only
    ``recovery confirm-fenced`` carries a human's word, bound to one recovery and round (H7).
    """

    BY_HAND: ClassVar[bool] = True

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'additionalProperties': False,
        'properties': {
            'instructions': {
                'type': 'string',
                'minLength': 1,
                'maxLength': 300,
                'description': 'what a human is to do: whom to call, which cable to pull',
            },
        },
    }

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._instructions = settings.get('instructions', '').strip().rstrip('.')

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        """A driver from settings that SETTINGS_SCHEMA accepts."""
        return cls(settings)

    def __repr__(self) -> str:
        return 'ManualFencing()'

    def power_state(self, *, timeout: float) -> PowerState:
        return PowerState.UNKNOWN

    def power_off(self, *, timeout: float) -> None:
        self._refuse(
            'cut the power',
            'see that it stays off, then run "recovery confirm-fenced HOST"',
        )

    def power_on(self, *, timeout: float) -> None:
        self._refuse('switch it on', 'then run "recovery host return HOST"')

    def identity(self, *, timeout: float) -> str | None:
        return None

    def _refuse(self, what: str, then: str) -> NoReturn:
        how = f' ({self._instructions})' if self._instructions else ''
        raise Refused(f'only a human can {what}{how}: do it, {then}')
