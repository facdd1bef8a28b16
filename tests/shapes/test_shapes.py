"""The shape of every flow is pinned: stored recoveries keep names, arguments and data.

A changed shape file is a change of the interface to recoveries that are open during an upgrade.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from taskflow import engines

from flows.tasks.instances import Evacuate
from recovery.intake.arguments import ASKED, FROM
from recovery.view import shape
from recovery.view.shape import StepShape

FOLDER = Path(__file__).resolve().parent
KINDS = tuple(shape.kinds())
#: What a step takes from its worker and from nobody else; never stored.
GIVEN = frozenset({'claim', 'clock', 'compute', 'fence_path', 'gates', 'ledger', 'slots', 'spares'})


def drawn(kind: str) -> str:
    """The shape file of a kind."""
    return drawn_of(shape.kinds()[kind].value, shape.builder_of(kind))


def drawn_of(title: str, build: Callable[..., Any]) -> str:
    """The shape file of one builder."""
    lines = [title]
    parameters = inspect.signature(build).parameters
    for name, parameter in parameters.items():
        default = '' if parameter.default is parameter.empty else f' = {parameter.default!r}'
        lines.append(f'    {name}: {parameter.annotation}{default}')
    flow = build(**{name: _example(parameter) for name, parameter in parameters.items()})
    for phase, steps in shape.phases(shape.of_flow(flow)).items():
        lines += ['', phase]
        for step in steps:
            lines.append(f'    {step.name}{"  (undone)" if step.undone else ""}')
            lines.append(f'        requires {" ".join(step.requires)}')
            lines.append(f'        provides {" ".join(step.provides)}')
    return '\n'.join(lines) + '\n'


def by_data(steps: tuple[StepShape, ...]) -> nx.DiGraph:
    """Steps, with an edge to each step that needs what they make."""
    makers = {data: step.name for step in steps for data in step.provides}
    graph = nx.DiGraph()
    graph.add_nodes_from(step.name for step in steps)
    graph.add_edges_from(
        (makers[data], step.name) for step in steps for data in step.requires if data in makers
    )
    return graph


@pytest.mark.parametrize('kind', KINDS)
def test_the_shape_is_the_pinned_one(kind: str, accept: bool) -> None:
    path = FOLDER / f'{kind}.txt'
    if accept:
        path.write_text(drawn(kind))
    assert path.exists(), f'{path.name} is missing: --accept writes it'
    assert drawn(kind) == path.read_text()


@pytest.mark.parametrize('name', ['host_down:build'])
def test_the_shape_of_an_older_builder_is_the_pinned_one(name: str, accept: bool) -> None:
    """Recoveries from before an upgrade go on with it, also in a new round."""
    module, _, builder = name.partition(':')
    build = getattr(importlib.import_module(f'flows.{module}'), builder)
    path = FOLDER / 'older' / f'{module}-{builder}.txt'
    if accept:
        path.parent.mkdir(exist_ok=True)
        path.write_text(drawn_of(f'flows.{name}', build))
    assert drawn_of(f'flows.{name}', build) == path.read_text()


def test_the_method_auto_has_no_step_of_a_spare() -> None:
    """It is the one of every site that knows no segments, and costs it nothing."""
    build = shape.builder_of('host-down')
    parameters = inspect.signature(build).parameters
    given = {name: _example(parameter) for name, parameter in parameters.items()}
    steps = shape.of_flow(build(**given | {'method': 'auto'}))
    assert [step.name for step in steps] == [
        'verify-down', 'disable-service', 'power-off', 'confirm-off', 'force-down',
        'list-instances', 'evacuate', 'report',
    ]  # fmt: skip
    assert by_data(steps).nodes.keys() == {step.name for step in steps}


def test_every_shape_has_its_flow() -> None:
    assert {path.stem for path in FOLDER.glob('*.txt')} == set(KINDS)
    assert {'host-down', 'host-return'} <= set(KINDS)


@pytest.mark.parametrize('kind', KINDS)
def test_data_leaves_exactly_one_order(kind: str) -> None:
    steps = shape.of_kind(kind)
    graph = by_data(steps)
    order = list(nx.topological_sort(graph))
    for one, following in itertools.pairwise(order):
        assert nx.has_path(graph, one, following), f'{one} and {following} may change places'
    assert [step.name for step in steps] == order


@pytest.mark.parametrize('kind', KINDS)
def test_the_engine_runs_that_order(kind: str) -> None:
    engine = _engine(kind)
    graph = engine.compilation.execution_graph
    order = [node.name for node in graph.topological_sort() if hasattr(node, 'execute')]
    assert order == [step.name for step in shape.of_kind(kind)]


@pytest.mark.parametrize('kind', KINDS)
def test_nothing_is_required_that_nobody_gives(kind: str) -> None:
    steps = shape.of_kind(kind)
    made = [data for step in steps for data in step.provides]
    assert len(made) == len(set(made)), 'two steps make the same data'
    assert not GIVEN & set(made), 'a step makes what only the worker may give'
    for step in steps:
        assert set(step.requires) <= GIVEN | set(made), step.name


@pytest.mark.parametrize('kind', KINDS)
def test_every_way_to_an_evacuation_passes_the_proof(kind: str) -> None:
    engine = _engine(kind)
    graph = engine.compilation.execution_graph
    tasks = [node for node in graph if hasattr(node, 'execute')]
    sending = [task for task in tasks if isinstance(task, Evacuate)]
    proving = [task for task in tasks if type(task).__name__ == 'ConfirmOff']
    if kind == 'host-down':
        assert sending
        assert proving
    graph = by_data(shape.of_kind(kind))
    for task in sending:
        assert 'proof_id' in task.requires
        assert any('proof_id' in one.provides for one in proving)
        without = graph.copy()
        without.remove_nodes_from([one.name for one in proving])
        roots = [name for name, number in graph.in_degree() if number == 0]
        for root in roots:
            assert root not in without or not nx.has_path(without, root, task.name)


@pytest.mark.parametrize('kind', KINDS)
def test_nothing_runs_beside_the_fence(kind: str) -> None:
    closure = nx.transitive_closure(by_data(shape.of_kind(kind)))
    for name in ('power-off', 'power-on'):
        if name in closure:
            related = set(closure.predecessors(name)) | set(closure.successors(name)) | {name}
            assert related == set(closure)


@pytest.mark.parametrize('kind', KINDS)
def test_the_arguments_are_those_that_intake_fills(kind: str) -> None:
    taken = inspect.signature(shape.builder_of(kind)).parameters
    assert set(taken) == set(FROM[kind]) | ASKED[kind]
    for name, parameter in taken.items():
        assert parameter.kind is parameter.KEYWORD_ONLY, name
        assert str(parameter.annotation) in ('int', 'float', 'bool', 'str'), name


@pytest.mark.parametrize('kind', KINDS)
def test_building_loads_no_driver(kind: str) -> None:
    builder = shape.builder_of(kind)
    module, name = builder.__module__, builder.__qualname__
    given = {one: _example(value) for one, value in inspect.signature(builder).parameters.items()}
    code = f"""
import sys, {module}
{module}.{name}(**{given!r})
strange = [one for one in sys.modules if one.partition('.')[0] in
           ('recovery', 'oslo_config', 'stevedore', 'openstack', 'keystoneauth1', 'sushy', 'pyghmi')
           or one.startswith('drivers.') and not one.startswith('drivers.contracts')]
sys.exit(', '.join(sorted(strange))[:300] or 0)
"""
    top = FOLDER.parent.parent
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code], cwd=top, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def _engine(kind: str) -> Any:
    builder: Callable[..., Any] = shape.builder_of(kind)
    given = {one: _example(value) for one, value in inspect.signature(builder).parameters.items()}
    engine = engines.load(builder(**given), engine='serial', never_resolve=True)
    engine.compile()
    return engine


def _example(parameter: inspect.Parameter) -> Any:
    return {'int': 1, 'float': 1.0, 'bool': False}.get(str(parameter.annotation), 'x')
