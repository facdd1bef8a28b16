"""The tables of the operator's guide on policy are what the code says.

They stand between marks, and ``--accept`` writes them anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from recovery.intake import domains
from recovery.policy import directory, order, weakening
from recovery.policy.gates.budget import allowed
from recovery.policy.inputs import Limits

GUIDE = Path(__file__).resolve().parents[2] / 'doc' / 'guide' / 'policy.md'


def _gates(kind: str) -> Iterator[str]:
    yield '| | gate | question | when it cannot be asked | approve |'
    yield '|---|---|---|---|---|'
    for number, one in enumerate(directory.entries(kind), 1):
        gate, may = one.gate, 'yes' if one.gate.approvable else '**no**'
        yield f'| {number} | `{gate.name}` | {gate.question} | {gate.on_missing} | {may} |'


def _budget() -> Iterator[str]:
    yield '| look failed | may be fenced within the window |'
    yield '|---|---|'
    for failed in (1, 6, 7, 12, 13, 18, 30):
        yield f'| {failed} | {allowed(Limits(), failed, 100)} |'


def _weak() -> Iterator[str]:
    yield '| option | safe | gate |'
    yield '|---|---|---|'
    for one in weakening.BOUNDS:
        yield f'| `{one.option}` | {one.safe} | `{one.gate}` |'
    beyond = {'any': 1000000}
    for excess in (
        *weakening.of_domains(beyond, beyond),
        *weakening.excesses(Limits(carries_down=beyond)),
        *weakening.of_channels(['record nova']),
    ):
        option = excess.said.partition(' is ')[0]
        yield f'| `{option}` | {excess.safe} | `{excess.gate}` |'


TABLES: dict[str, Callable[[], Iterator[str]]] = {
    **{kind: partial(_gates, kind) for kind in order.ORDER},
    'budget': _budget,
    'weak': _weak,
}


@pytest.mark.parametrize('name', TABLES)
def test_a_table_is_as_the_code_has_it(name: str, accept: bool) -> None:
    now, text = '\n'.join(TABLES[name]()), GUIDE.read_text()
    found = re.search(rf'(<!-- {name} -->\n)(.*?)(\n<!-- end -->)', text, re.DOTALL)
    assert found, f'doc/guide/policy.md has no marks of the table {name}'
    if accept:
        GUIDE.write_text(text[: found.start(2)] + now + text[found.end(2) :])
    else:
        assert found[2] == now


def test_the_numbers_in_its_sentences_are_the_usual_ones() -> None:
    limits, text = Limits(), GUIDE.read_text()
    for said in (
        f'`mass_share` ({limits.mass_share:.0%})'.replace('%', ' %'),
        f'`mass_count` ({limits.mass_count})',
        f'`fence_budget` hosts ({limits.fence_budget})',
        f'`fence_window_seconds` ({limits.fence_window_seconds:g})',
        f'`storm_cooldown_seconds` ({limits.storm_cooldown_seconds:g})',
        f'`attempts` times ({limits.attempts})',
    ):
        assert said in text
    assert {f'{share:.0%}' for share in domains.USUAL.values()} == {'50%'}
    assert '`domain_share` (50 % of a segment or zone)' in text
