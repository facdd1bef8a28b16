"""What our documents call a proof exists, and every number that the code names is defined."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from string import ascii_lowercase

TOP = Path(__file__).resolve().parent.parent.parent
SCENARIOS = {path.stem for path in (TOP / 'tests/scenarios').glob('*.yaml')}
HAZARDS, PROOFS = TOP / 'doc/hazards.md', TOP / 'doc/proofs.md'
#: What code, tests and documents may name: a hazard, or a rule that is never broken.
NUMBER = re.compile(r'(?<![\w.\-])([HS])([1-9]\d?)(?![\w\-]|\.\d)')
WISHES, HOLES = {f'W{number}' for number in range(1, 19)}, set(ascii_lowercase[:19])
HAVE_NO_TEST = {'H22'}


def names(text: str) -> list[str]:
    """What stands in backticks and is no command."""
    return [name for name in re.findall(r'`([^`]+)`', text) if ' ' not in name]


def missing(text: str) -> list[str]:
    return [
        name
        for name in names(text)
        if not ((TOP / name).is_file() if '/' in name else name in SCENARIOS)
    ]


def hazards() -> dict[str, str]:
    """By number: all that is said of it."""
    parts = re.split(r'^\*\*(H\d+)\.', HAZARDS.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def proofs() -> dict[str, list[str]]:
    """By hole or wish: the cells of its line."""
    rows = re.findall(r'^\| ([a-z]|W\d+) \|(.*)\|$', PROOFS.read_text(), flags=re.MULTILINE)
    assert len({key for key, _ in rows}) == len(rows)
    return {key: [cell.strip() for cell in line.split('|')] for key, line in rows}


def sources() -> Iterator[tuple[str, str]]:
    command = ['git', 'ls-files', '*.py', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'doc/**/*.md']
    listed = subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (TOP / name).is_file():
            yield name, (TOP / name).read_text()


def test_every_hazard_says_what_answers_it_and_what_shows_it() -> None:
    found = hazards()
    assert list(found) == [f'H{number}' for number in range(1, 26)]
    for key, text in found.items():
        assert '\nAnswer: ' in text, key
        shown = text.partition('\nShown by: ')[2].partition('\n')[0]
        assert bool(names(shown)) != (key in HAVE_NO_TEST), key
        assert not missing(shown), key


def test_every_number_in_the_code_is_defined() -> None:
    rules = re.findall(r'^\| (S\d+) \|', (TOP / 'ARCHITECTURE.md').read_text(), re.MULTILINE)
    defined = {*hazards(), *rules}
    named = {(name, letter + number) for name, text in sources()
             for letter, number in NUMBER.findall(text)}  # fmt: skip
    assert ('flows/fencing/watch.py', 'H3') in named
    assert not [(name, number) for name, number in named if number not in defined]


def test_every_hole_and_every_wish_is_shown_or_says_why_not() -> None:
    found = proofs()
    assert set(found) == HOLES | WISHES
    for key, (_there, here, shown) in found.items():
        assert names(shown) or here.startswith('None: '), key
        assert not missing(shown), key


def test_no_scenario_of_a_hole_or_a_wish_is_left_out() -> None:
    told = set(names(PROOFS.read_text()))
    assert not [name for name in SCENARIOS if name.startswith(('hole-', 'wish-'))
                and name not in told]  # fmt: skip
