"""The graph of a recovery with the state of each step, or that of a failure kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recovery.db.store import Store
from recovery.view import draw, recoveries, shape, svg, times
from recovery.view.shape import StepShape
from recovery.view.steps import GLYPHS, PLAIN, shapes, tree

FORMATS = ('text', 'dot', 'mermaid', 'svg')


@dataclass(frozen=True)
class Graph:
    """What is drawn; without states when it is a kind, which nobody runs."""

    kind: str
    title: str
    steps: Sequence[StepShape]
    states: Mapping[str, str] = field(default_factory=dict)  #: by step
    times: Mapping[str, str] = field(default_factory=dict)  #: by step

    def lines(self, form: str, *, plain: bool = False) -> list[str]:
        """Drawn in one of the formats.

        :param plain: text in ASCII.
        """
        if form == 'dot':
            return draw.dot(self.kind, self.steps, self.states)
        if form == 'mermaid':
            return draw.mermaid(self.steps, self.states)
        if form == 'svg':
            return svg.svg(self.title, self.steps, self.states, self.times)
        glyphs = PLAIN if plain else GLYPHS
        notes = {name: f'{glyphs.get(state, "?")} ' for name, state in self.states.items()}
        return draw.text(self.steps, notes)


def of_kind(kind: str) -> Graph:
    """The graph of a failure kind. Raises recovery.view.ids.Unknown."""
    return Graph(kind, kind, shape.of_kind(kind))


def of_recovery(store: Store, given: str) -> Graph:
    """The graph of a recovery. Raises recovery.view.ids.Unknown."""
    each, now = recoveries.recovery(store, given), store.clock.now()
    row, found = each.row, [step for phase in tree(store, each) for step in phase.steps]
    title = f'{row["kind"]} of {row["host"]}: {each.state}'
    return Graph(
        row['kind'],
        title if row['round'] == 1 else f'{title}, round {row["round"]}',
        shapes(store, each),
        {step.name: step.state for step in found},
        {step.name: times.span(step.duration(now)) for step in found},
    )
