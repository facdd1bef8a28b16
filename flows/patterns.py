"""The one shape that every flow is made of: phases, ordered by the data that steps hand on."""

from __future__ import annotations

from taskflow.patterns.graph_flow import Flow

from flows.tasks.step import Step


def phase(name: str, *steps: Step) -> Flow:
    """Steps that belong together for a human reader.

    The order, inside a phase and between phases, follows only from what steps require and
    provide; a shape test demands that exactly one order is left.
    """
    for step in steps:
        step.phase = name
    return Flow(name).add(*steps)
