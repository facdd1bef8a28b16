"""The operator's guide has a line for every way in which a recovery may be held or wait."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
GUIDE = (TOP / 'doc' / 'guide' / 'stuck.md').read_text()


def _said(package: str, function: str, keyword: str) -> Iterator[str]:
    """What calls of a function give as one keyword, where it is written out."""
    for path in (TOP / package).rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == function:
                for given in node.keywords:
                    if given.arg == keyword and isinstance(given.value, ast.Constant):
                        yield str(given.value.value)


def _situations() -> list[str]:
    raised = {*_said('flows', 'Waiting', 'code'), *_said('recovery', 'Waiting', 'code')}
    return sorted({*raised, *_said('recovery/board', '_wait', 'code')})


def _gates() -> list[str]:
    return sorted(set(_said('recovery', 'Gate', 'name')))


def test_there_are_some() -> None:
    assert len(_situations()) > 10
    assert len(_gates()) > 10


@pytest.mark.parametrize('code', _situations())
def test_a_situation_is_in_the_guide(code: str) -> None:
    assert f'`{code}`' in GUIDE


@pytest.mark.parametrize('gate', _gates())
def test_a_gate_is_in_the_guide(gate: str) -> None:
    assert any(
        gate in [one.strip() for one in line.split('|')[1].split(',')]
        for line in GUIDE.splitlines()
        if line.startswith('| ')
    )
