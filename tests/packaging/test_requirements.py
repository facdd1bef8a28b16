"""What the code imports is what the distribution asks for: no more, no less."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
OURS = ('recovery', 'flows', 'drivers')
#: Loaded by name: SQLAlchemy imports it for the URLs that ask for it.
BY_NAME = {'pymysql'}


def _imported() -> set[str]:
    return {module for package in OURS for path in (TOP / package).rglob('*.py')
            for module in _modules(path)}  # fmt: skip


def _modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split('.')[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split('.')[0]


def _plain(name: str) -> str:
    return re.sub(r'[-_.]+', '-', name).lower()


def _asked_for() -> set[str]:
    """Distributions that setup.py names, those of the checks and of the tools left out."""
    others = re.compile('extra == "(test|quickstart)"')
    wanted = (one for one in requires('openstack-recovery') or () if not others.search(one))
    return {_plain(re.split(r'[^A-Za-z0-9._-]', one)[0]) for one in wanted}


def _used() -> set[str]:
    owners = packages_distributions()
    foreign = _imported() - set(OURS) - sys.stdlib_module_names
    return {_plain(owners[module][0]) for module in foreign}


def test_everything_imported_is_asked_for() -> None:
    assert _used() - _asked_for() == set()


def test_everything_asked_for_is_imported() -> None:
    assert _asked_for() - _used() - BY_NAME == set()
