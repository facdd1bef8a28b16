"""Graphviz and mermaid carry the states of a recovery, and none for a mere kind."""

from __future__ import annotations

from recovery.view import draw, shape

STEPS = shape.of_kind('host-down')
STATES = {'verify-down': 'done', 'disable-service': 'undo failed', 'power-off': 'to do'}


def test_without_states_there_is_no_colour() -> None:
    assert 'fillcolor' not in '\n'.join(draw.dot('host-down', STEPS))
    assert 'classDef' not in '\n'.join(draw.mermaid(STEPS))


def test_graphviz_colours_and_names_the_state() -> None:
    (line,) = [one for one in draw.dot('x', STEPS, STATES) if one.startswith('    "verify-down"')]
    assert f'fillcolor="{draw.colours("done")[0]}"' in line
    assert 'tooltip="done"' in line


def test_mermaid_has_a_class_for_each_state() -> None:
    lines = draw.mermaid(STEPS, STATES)
    assert '  class disable-service undo-failed' in lines
    fill, line, ink = draw.colours('undo failed')
    assert f'  classDef undo-failed fill:{fill},stroke:{line},color:{ink}' in lines
