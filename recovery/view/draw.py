"""A flow as text: for a terminal, or for graphviz and mermaid; and what colours mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recovery.view import steps as step_states
from recovery.view.shape import StepShape, phases

NONE: Mapping[str, str] = {}
#: Fill, line and text of a step, by what its state means to somebody who looks.
PLAIN = ('#ffffff', '#8a94a6', '#1f2733')
_PALE = ('#f4f6f9', '#b9c2d0', '#6b7686')
_BLUE = ('#d8ecff', '#1673c9', '#0b3d6b')
_YELLOW = ('#fff1c9', '#c98a00', '#5e4200')
_VIOLET = ('#ece7f5', '#7a5bb0', '#3d2a63')
_GREEN = ('#dcf5e3', '#2a8a4a', '#124225')
_RED = ('#ffdfdc', '#c92a1e', '#6b120b')
COLOURS: Mapping[str, tuple[str, str, str]] = {
    step_states.TO_DO: _PALE,
    step_states.SKIPPED: _PALE,
    step_states.RUNNING: _BLUE,
    step_states.WAITS: _YELLOW,
    step_states.INTERRUPTED: _YELLOW,
    step_states.STOPPED: _VIOLET,
    step_states.TO_UNDO: _VIOLET,
    step_states.UNDOING: _VIOLET,
    step_states.UNDONE: _VIOLET,
    step_states.DONE: _GREEN,
    step_states.FAILED: _RED,
    step_states.UNDO_FAILED: _RED,
}


def colours(state: str) -> tuple[str, str, str]:
    """Fill, line and text of a step in this state."""
    return COLOURS.get(state, PLAIN)


def text(steps: Sequence[StepShape], notes: Mapping[str, str]) -> list[str]:
    """Phases and steps with what they hand on; ``notes`` goes before the name of a step."""
    givers = {name: step.name for step in steps for name in step.provides}
    widest = max((len(step.name) for step in steps), default=0)
    lines: list[str] = []
    for phase, members in phases(steps).items():
        if lines:
            lines.append('')
        if phase:
            lines.append(phase)
        for step in members:
            taken = [name for name in step.requires if name in givers]
            data = f'takes {", ".join(taken)}' if taken else ''
            given = f'gives {", ".join(step.provides)}' if step.provides else ''
            undo = 'undone' if step.undone else ''
            facts = '; '.join(part for part in (data, given, undo) if part)
            note = notes.get(step.name, '')
            lines.append(f'  {note}{step.name:<{widest}}  {facts}'.rstrip())
    return lines


def dot(name: str, steps: Sequence[StepShape], states: Mapping[str, str] = NONE) -> list[str]:
    """Graphviz; ``states`` colours the steps of a recovery."""
    lines = [f'digraph "{name}" {{', '  rankdir=LR; node [shape=box];']
    for number, (phase, members) in enumerate(phases(steps).items()):
        lines.append(f'  subgraph cluster_{number} {{ label="{phase}";')
        lines += [f'    "{step.name}"{_dot_state(states.get(step.name))};' for step in members]
        lines.append('  }')
    lines += [f'  "{giver}" -> "{taker}" [label="{data}"];' for giver, taker, data in edges(steps)]
    return [*lines, '}']


def _dot_state(state: str | None) -> str:
    if state is None:
        return ''
    fill, line, ink = colours(state)
    look = f'style=filled fillcolor="{fill}" color="{line}" fontcolor="{ink}"'
    return f' [{look} tooltip="{state}"]'


def mermaid(steps: Sequence[StepShape], states: Mapping[str, str] = NONE) -> list[str]:
    """Mermaid, as forges and wikis draw it; ``states`` colours the steps of a recovery."""
    lines = ['flowchart LR']
    for phase, members in phases(steps).items():
        lines.append(f'  subgraph {phase or "steps"}')
        lines += [f'    {step.name}' for step in members]
        lines.append('  end')
    lines += [f'  {giver} -->|{data}| {taker}' for giver, taker, data in edges(steps)]
    for state in dict.fromkeys(states.values()):
        fill, line, ink = colours(state)
        word = state.replace(' ', '-')
        lines.append(f'  classDef {word} fill:{fill},stroke:{line},color:{ink}')
        names = ','.join(name for name, one in states.items() if one == state)
        lines.append(f'  class {names} {word}')
    return lines


def edges(steps: Sequence[StepShape]) -> list[tuple[str, str, str]]:
    """Who hands what to whom."""
    givers = {name: step.name for step in steps for name in step.provides}
    return [
        (givers[name], step.name, name)
        for step in steps
        for name in step.requires
        if name in givers
    ]
