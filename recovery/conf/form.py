"""A text of a certain form: what does not have it is told what would be right."""

from __future__ import annotations

import re
from typing import Any

from oslo_config import types


class Form(types.String):
    """:param right: what to give, as a part of a sentence."""

    def __init__(self, regex: str, right: str) -> None:
        super().__init__(regex=regex)
        self._right = right

    def __call__(self, value: object) -> str:
        """Raises ValueError, which does not repeat the value: there may be a password in it."""
        if isinstance(value, list):  # oslo.config checks the default of a MultiOpt in one go
            return ' '.join(self(one) for one in value)
        try:
            return str(super().__call__(value))
        except ValueError:
            raise ValueError(f'give {self._right}') from None


class Domains(types.Dict):
    """Numbers by domain. A kind that is misspelt would be a limit that nothing ever meets."""

    _KEY = re.compile(r'^(segment|zone|aggregate)(/.+)?$')

    def __call__(self, value: object) -> dict[str, Any]:
        """Raises ValueError, naming what is no domain."""
        found: dict[str, Any] = super().__call__(value)
        wrong = sorted(key for key in found if not self._KEY.match(key))
        if wrong:
            raise ValueError(
                f'{", ".join(map(repr, wrong))}: give segment, zone or aggregate, or one of them '
                'by its name, as in zone/NAME'
            )
        return found
