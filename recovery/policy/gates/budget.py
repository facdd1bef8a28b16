"""How many hosts may be fenced within a window; fewer, the more of the cloud is broken (S12)."""

from __future__ import annotations

import math

from recovery.policy import looks
from recovery.policy.gate import FOUND, UNKNOWN, Answer, Gate, Word, admit, hold
from recovery.policy.gates.count import DOMAINS, MASS
from recovery.policy.inputs import Inputs, Limits, Missing


def allowed(limits: Limits, failed: int, total: int) -> int:
    """Hosts that may be fenced within the window while ``failed`` of ``total`` look failed.

    The budget falls in a line from all of it, at no broken host, to nothing at ``mass_share``,
    rounded up: ``budget * (1 - (failed / total) / mass_share)``. It never falls below
    ``mass_count``, which is what never counts as a mass failure, and never exceeds the budget.
    """
    share = failed / total if total else 1.0
    left = max(0.0, 1.0 - share / limits.mass_share) if limits.mass_share > 0 else 0.0
    # Rounded first: 5 * (1 - 0.6) is 2.0000000000000004 in binary.
    scaled = math.ceil(round(limits.fence_budget * left, 6))
    return min(limits.fence_budget, max(limits.mass_count, scaled))


def _budget(inputs: Inputs) -> Answer:
    others = inputs.fences.hosts - {inputs.subject}
    counted = not isinstance(inputs.services, Missing)
    limit, shrunk = _limit(inputs)
    window = looks.seconds(inputs.limits.fence_window_seconds)
    if len(others) < limit:
        why = f'{len(others)} other hosts fenced within {window}'
        return admit(why, fenced=len(others), limit=limit)
    return hold(
        f'{len(others)} hosts were fenced within {window}, and {limit} are allowed{shrunk}',
        f'recovery approve {inputs.id}',
        finding=FOUND if counted else UNKNOWN,
        extent={'beyond': len(others) - limit + 1},
        fenced=sorted(others)[:20],
        limit=limit,
    )


def _limit(inputs: Inputs) -> tuple[int, str]:
    limits = inputs.limits
    if any(_wanted(gate, inputs) for gate in (MASS, DOMAINS)):
        # A human has seen how much is broken, and wants it recovered.
        return limits.fence_budget, ''
    if isinstance(inputs.services, Missing):
        return min(limits.fence_budget, limits.mass_count), ' while nobody can count'
    failed, total = looks.failed(inputs)
    found = allowed(limits, len(failed), total)
    if found == limits.fence_budget:
        return found, ''
    return found, f' while {len(failed)} of {total} hosts look failed ({limits.fence_budget} else)'


def _wanted(gate: Gate, inputs: Inputs) -> bool:
    """Whether a human saw that this gate counted too many, and no fewer than there are now."""
    approval = inputs.approval
    if approval is None or not approval.saw(gate.name, FOUND):
        return False
    now = gate.decide(inputs)
    return now.word == Word.ADMIT or approval.passes(gate.name, now.finding, now.extent)


BUDGET = Gate(
    name='fence-budget',
    question='Were too many hosts fenced lately, for as many as look failed?',
    on_missing='closed: without a count of failed hosts the smallest budget is left',
    decide=_budget,
    needs=frozenset({'services'}),
)
