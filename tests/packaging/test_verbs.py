"""Every command that a sentence of ours, or a document, tells an operator to type exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
COMMANDS = {entry.name.replace('_', ' ') for entry in entry_points(group='recovery.cli')}
BUILT_IN = {'help', 'complete'}  # of cliff
SAID = re.compile(r'(?:`|^ {4})recovery (?:--os-cloud \S+ )?([a-z-]+(?: [a-z-]+)?)')
NOT_COMMANDS = {'upgrade', 'marked'}  # the name of a lock; "recovery marked it failed"


def _known(words: str) -> bool:
    first, *rest = words.split() or ['']
    return first in COMMANDS | BUILT_IN | NOT_COMMANDS or ' '.join([first, *rest[:1]]) in COMMANDS


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return ''.join(_text(part) for part in node.values)
    return '{}'


def _said_in_code() -> Iterator[tuple[str, str]]:
    """Strings that begin as a command does."""
    for package in ('recovery', 'flows'):
        for path in sorted((TOP / package).rglob('*.py')):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant | ast.JoinedStr):
                    match = re.match(r'recovery ([a-z-]+(?: [a-z-]+)?)', _text(node))
                    if match:
                        yield f'{path.relative_to(TOP)}:{node.lineno}', match[1]


def _said_in_documents() -> Iterator[tuple[str, str]]:
    """Commands in code spans and indented blocks."""
    for path in [*TOP.glob('*.md'), *(TOP / 'doc').rglob('*.md')]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for match in SAID.finditer(line):
                yield f'{path.relative_to(TOP)}:{number}', match[1]


def test_commands_named_in_the_code_exist() -> None:
    assert [(where, said) for where, said in _said_in_code() if not _known(said)] == []


def test_commands_named_in_the_documents_exist() -> None:
    assert [(where, said) for where, said in _said_in_documents() if not _known(said)] == []
