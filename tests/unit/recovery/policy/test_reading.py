"""JSON becomes dataclasses by their type hints alone."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from recovery.policy.inputs import Missing
from recovery.policy.reading import BadRecord, read


class Colour(enum.Enum):
    RED = 'red'
    BLUE = 'blue'


@dataclass(frozen=True)
class Wheel:
    size: float
    colour: Colour = Colour.RED


@dataclass(frozen=True)
class Sail:
    area: float


@dataclass(frozen=True)
class Cart:
    drive: Wheel | Sail | Missing
    spare: tuple[Wheel, ...] = ()
    loads: Mapping[str, frozenset[str]] = field(default_factory=dict)


def test_of_two_dataclasses_the_one_that_fits_is_meant() -> None:
    assert read(Cart, {'drive': {'area': 2}, 'spare': [], 'loads': {}}, 'cart') == (
        Cart(Sail(2)), ()
    )  # fmt: skip
    found, _ = read(Cart, {'drive': {'size': 1, 'colour': 'blue'}}, 'cart')
    assert found.drive == Wheel(1, Colour.BLUE)
    assert read(Cart, {'drive': {'$missing': 'why'}}, 'cart')[0].drive == Missing('why')


def test_everything_below_is_of_its_type() -> None:
    given = {'drive': {'area': 1}, 'spare': [{'size': 1}], 'loads': {'left': ['b', 'a']}}
    found, notes = read(Cart, given, 'cart')
    assert found == Cart(Sail(1), (Wheel(1),), {'left': frozenset({'a', 'b'})})
    assert notes == ('cart.spare[].colour was not recorded; its default is taken',)


def test_the_innermost_place_is_named() -> None:
    with pytest.raises(BadRecord, match=r"cart.spare\[0\].colour is 'green'; one of red, blue"):
        read(Cart, {'drive': {'area': 1}, 'spare': [{'size': 1, 'colour': 'green'}]}, 'cart')
    with pytest.raises(BadRecord, match=r'cart.drive.area is None; a number is wanted'):
        read(Cart, {'drive': {'area': None}}, 'cart')
