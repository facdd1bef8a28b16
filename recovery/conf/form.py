"""A text of a certain form: what does not have it is told what would be right."""

from __future__ import annotations

from oslo_config import types


class Form(types.String):
    """:param right: what to give, as a part of a sentence."""

    def __init__(self, regex: str, right: str) -> None:
        super().__init__(regex=regex)
        self._right = right

    def __call__(self, value: object) -> str:
        """Raises ValueError, which does not repeat the value: there may be a password in it."""
        try:
            return str(super().__call__(value))
        except ValueError:
            raise ValueError(f'give {self._right}') from None
