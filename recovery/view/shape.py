"""The shape of a flow: its phases and steps in their order, read from the graph itself."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from recovery.view.ids import Unknown

GROUP = 'recovery.flows'


@dataclass(frozen=True)
class StepShape:
    """One step, as its author declared it."""

    name: str
    phase: str  #: '' when it is in none
    requires: tuple[str, ...]
    provides: tuple[str, ...]
    undone: bool  #: it has a revert
    about: str  #: first line of its docstring


def kinds() -> dict[str, metadata.EntryPoint]:
    """Every failure kind with a flow."""
    return {point.name: point for point in sorted(metadata.entry_points(group=GROUP))}


def builder_of(kind: str) -> Callable[..., Any]:
    """The function that builds the flow of a kind. Raises Unknown."""
    known = kinds()
    if kind not in known:
        raise Unknown(f'there is no flow {kind!r}; there are: {", ".join(known) or "none"}')
    loaded: Callable[..., Any] = known[kind].load()
    return loaded


def of_kind(kind: str) -> tuple[StepShape, ...]:
    """The steps of a kind's flow as it would be built now. Raises Unknown."""
    build = builder_of(kind)
    return of_flow(build(**_examples(build)))


def of_arguments(kind: str, arguments: Mapping[str, Any]) -> tuple[StepShape, ...]:
    """The steps that a round with these arguments will have, while it has no book. Raises
    Unknown."""
    build = builder_of(kind)
    try:
        inspect.signature(build).bind(**arguments)
    except TypeError:  # admitted by another release
        return of_kind(kind)
    return of_flow(build(**arguments))


def of_factory(factory: Mapping[str, Any]) -> tuple[StepShape, ...]:
    """The steps of a flow as a book stores it: name, args and kwargs of its builder.

    :raises Unknown: this release cannot import the builder (H20).
    """
    module, _, name = str(factory['name']).rpartition('.')
    try:
        build = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise Unknown(f'this release has no flow {factory["name"]}: {error}') from error
    return of_flow(build(*factory.get('args', ()), **factory.get('kwargs', {})))


def of_flow(flow: Any) -> tuple[StepShape, ...]:
    """The steps of a built flow, in their order."""
    return tuple(_walk(flow, ''))


def phases(steps: Sequence[StepShape]) -> dict[str, list[StepShape]]:
    """Steps by phase, in order."""
    found: dict[str, list[StepShape]] = {}
    for step in steps:
        found.setdefault(step.phase, []).append(step)
    return found


def _walk(flow: Any, phase: str) -> Iterator[StepShape]:
    from taskflow.flow import Flow
    from taskflow.task import Task

    for node, _data in flow.iter_nodes():
        if isinstance(node, Flow):
            yield from _walk(node, phase or node.name)
        else:
            yield StepShape(
                name=node.name,
                phase=phase,
                requires=tuple(sorted(node.requires)),
                provides=tuple(sorted(node.provides)),
                undone=type(node).revert is not Task.revert,
                about=(inspect.getdoc(type(node)) or '').partition('\n')[0],
            )


def _examples(build: Callable[..., Any]) -> dict[str, Any]:
    """Arguments for looking only: a builder takes ids and numbers."""
    examples: dict[str, Any] = {}
    for name, parameter in inspect.signature(build).parameters.items():
        if parameter.default is parameter.empty and parameter.kind in (
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        ):
            examples[name] = {'int': 1, 'float': 1.0, 'bool': False}.get(
                str(parameter.annotation), name.upper()
            )
    return examples


def about(kind: str) -> str:
    """The first line of what the flow's module says of itself. Raises Unknown."""
    module = inspect.getmodule(builder_of(kind))
    return (inspect.getdoc(module) or '').partition('\n')[0] if module else ''
