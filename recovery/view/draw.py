"""A flow as text: for a terminal, or for graphviz and mermaid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recovery.view.shape import StepShape, phases


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


def dot(name: str, steps: Sequence[StepShape]) -> list[str]:
    """Graphviz."""
    lines = [f'digraph "{name}" {{', '  rankdir=LR; node [shape=box];']
    for number, (phase, members) in enumerate(phases(steps).items()):
        lines.append(f'  subgraph cluster_{number} {{ label="{phase}";')
        lines += [f'    "{step.name}";' for step in members]
        lines.append('  }')
    lines += [f'  "{giver}" -> "{taker}" [label="{data}"];' for giver, taker, data in edges(steps)]
    return [*lines, '}']


def mermaid(steps: Sequence[StepShape]) -> list[str]:
    """Mermaid, as forges and wikis draw it."""
    lines = ['flowchart LR']
    for phase, members in phases(steps).items():
        lines.append(f'  subgraph {phase or "steps"}')
        lines += [f'    {step.name}' for step in members]
        lines.append('  end')
    lines += [f'  {giver} -->|{data}| {taker}' for giver, taker, data in edges(steps)]
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
