"""JMESPath: where in a message its words stand. No code, no state, no side effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jmespath
from jmespath import exceptions, functions
from jmespath.parser import ParsedResult

KNOWN = frozenset(functions.Functions.FUNCTION_TABLE)


class Unreadable(ValueError):
    """An expression cannot be applied to what was sent."""


class Expression:
    """One compiled expression. Raises ValueError, in a sentence, for one that is none."""

    def __init__(self, text: str) -> None:
        wrong = problem(text)
        if wrong:
            raise ValueError(wrong)
        self.text = text
        self._compiled: ParsedResult = jmespath.compile(text)

    def __call__(self, value: Any) -> Any:
        """Raises Unreadable."""
        try:
            return self._compiled.search(value)
        except Exception as error:  # it lets errors of Python through, of comparing say
            why = ' '.join(str(error).split())[:200]
            raise Unreadable(f'{self.text!r} cannot be applied: {why}') from error

    def text_of(self, value: Any) -> str:
        """What it finds, as text; '' when that is nothing. Raises Unreadable."""
        found = self(value)
        if found is None or isinstance(found, bool):
            return ''
        if isinstance(found, str | int | float):
            return str(found).strip()
        raise Unreadable(f'{self.text!r} finds a {_kind(found)}, where a text is wanted')


def _kind(value: Any) -> str:
    return 'list' if isinstance(value, list) else 'mapping'


def problem(text: str) -> str:
    """Why an expression is none; '' when it is one."""
    try:
        parsed = jmespath.compile(text).parsed
    except (exceptions.JMESPathError, ValueError) as error:
        lines = str(error).splitlines()
        return f'{text!r} is no JMESPath: {lines[0] if lines else "it cannot be parsed"}'
    except RecursionError:
        return 'it is nested too deeply to be a JMESPath'
    unknown = sorted(set(_functions(parsed)) - KNOWN)
    if unknown:
        return f'{text!r} is no JMESPath: there is no function {", ".join(unknown)}'
    return ''


def _functions(node: Mapping[str, Any]) -> Iterator[str]:
    """A wrong name would only be found when an alarm is there to be read."""
    if node.get('type') == 'function_expression':
        yield str(node['value'])
    for child in node.get('children', ()):
        if isinstance(child, dict):
            yield from _functions(child)
