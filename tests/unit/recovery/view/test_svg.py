"""The picture is well formed, shows every step where it belongs, and nothing on top of another."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from recovery.view import draw, shape
from recovery.view.steps import GLYPHS
from recovery.view.svg import svg

SVG = '{http://www.w3.org/2000/svg}'
STEPS = (
    shape.StepShape('one', 'first & last', (), ('a', 'b'), False, 'says "<one>"'),
    shape.StepShape('two', 'first & last', ('a',), ('c',), False, ''),
    shape.StepShape('three', '', ('b', 'c'), (), False, ''),
)


def drawn(lines: list[str]) -> ET.Element:
    return ET.fromstring('\n'.join(lines))


def words(picture: ET.Element) -> list[str]:
    return [one.text or '' for one in picture.iter(f'{SVG}text')]


@pytest.mark.parametrize('kind', list(shape.kinds()))
def test_every_flow_has_a_picture(kind: str) -> None:
    steps = shape.of_kind(kind)
    picture = drawn(svg(kind, steps, {}, {}))
    said = words(picture)
    for step in steps:
        assert step.name in said
    assert set(shape.phases(steps)) <= set(said)


def test_it_is_escaped_and_coloured_by_state() -> None:
    picture = drawn(
        svg('host-down of <a&b>', STEPS, {'one': 'done', 'two': 'running'}, {'two': '12 s'})
    )
    said = words(picture)
    assert said[0] == 'host-down of <a&b>'
    assert 'first & last' in said
    assert 'running, 12 s' in said
    fills = [one.get('fill') for one in picture.iter(f'{SVG}rect')]
    assert draw.colours('done')[0] in fills
    assert draw.colours('running')[0] in fills
    assert fills.count(draw.PLAIN[0]) == 2, 'the sheet, and the step without a state'


def test_what_goes_past_a_step_has_a_lane_of_its_own() -> None:
    lines = svg('x', STEPS, {}, {})
    picture = drawn(lines)
    arrows = [one.get('d', '') for one in picture.iter(f'{SVG}path') if one.get('marker-end')]
    assert len(arrows) == 3
    assert len([one for one in arrows if 'q' in one]) == 1
    width = int(picture.get('width', '0'))
    for text in picture.iter(f'{SVG}text'):
        assert float(text.get('x', '0')) < width


def test_no_step_covers_another() -> None:
    picture = drawn(svg('x', shape.of_kind('host-return'), {}, {}))
    boxes = [one for one in picture.iter(f'{SVG}rect') if one.get('rx') == '5']
    tops = [int(one.get('y', '0')) for one in boxes]
    heights = [int(one.get('height', '0')) for one in boxes]
    assert all(a + h < b for a, h, b in zip(tops, heights, tops[1:], strict=False))
    assert tops[-1] + heights[-1] < int(picture.get('height', '0'))


def test_every_state_of_a_step_has_a_colour() -> None:
    assert set(GLYPHS) == set(draw.COLOURS)
