"""Is it us who are cut off? Then every host looks dead, and none may be fenced (S10)."""

from __future__ import annotations

from typing import Any

from recovery.policy.gate import Answer, Gate, admit, hold, unknown
from recovery.policy.inputs import Inputs, Missing, Surroundings


def majority(true: int, total: int) -> bool | None:
    """Whether more than half are true; None on a tie, which neither side has."""
    return None if 2 * true == total else 2 * true > total


def _isolated(inputs: Inputs) -> Answer:
    around = inputs.surroundings
    if around is None:
        return admit('no witness is configured, so that nobody can say')
    verb = f'recovery approve {inputs.id}'
    if isinstance(around, Missing):
        return unknown(f'cannot find out whether we are cut off: {around.why}', verb)
    here, seen, extent = _reached(around), _seen(around), _lost(around)
    arbitrator = around.arbitrator
    if here is None and arbitrator is None:
        why = f'we reach {seen["reached"]} of {seen["of"]} witnesses, and no arbitrator is named'
        return hold(f'we may be cut off: {why}', verb, extent=extent, **seen)
    if here is None and arbitrator is not None and not arbitrator.reached:
        why = f'half of the witnesses are away, and the arbitrator {arbitrator.name} as well'
        said = f'we may be cut off: {why} ({arbitrator.said})'
        return hold(said, verb, extent=extent, **seen)
    if here is False:
        every = around.witnesses or tuple(filter(None, [arbitrator]))
        away = '; '.join(f'{one.name}: {one.said}' for one in every if not one.reached)
        why = f'we reach {seen["reached"]} of {seen["of"]} witnesses ({away})'
        return hold(f'we may be cut off: {why}', verb, extent=extent, **seen)
    return _together(around, seen, verb)


def _reached(around: Surroundings) -> bool | None:
    """Whether this machine reaches a majority. An arbitrator alone is asked like a witness."""
    if not around.witnesses:
        return around.arbitrator is None or around.arbitrator.reached
    return majority(sum(one.reached for one in around.witnesses), len(around.witnesses))


def _together(around: Surroundings, seen: dict[str, Any], verb: str) -> Answer:
    """This machine reaches its majority: do the other ones of ours, too?"""
    machines = [True, *around.others.values()]
    agreed = majority(sum(machines), len(machines))
    if agreed is None and around.arbitrator is not None:
        agreed = around.arbitrator.reached
    if agreed:
        return admit('we reach enough to know that it is not us who are cut off', **seen)
    cut = ', '.join(sorted(name for name, reached in around.others.items() if not reached))
    why = f'{machines.count(False)} of {len(machines)} machines of ours see no majority ({cut})'
    return hold(f'we may be cut off: {why}', verb, extent=_lost(around), **seen)


def _lost(around: Surroundings) -> dict[str, float]:
    """How much is away: the more, the surer it is us."""
    away = [one for one in (*around.witnesses, around.arbitrator) if one and not one.reached]
    return {'away': len(away), 'cut off': list(around.others.values()).count(False)}


def _seen(around: Surroundings) -> dict[str, Any]:
    seen: dict[str, Any] = {
        'reached': sum(one.reached for one in around.witnesses),
        'of': len(around.witnesses),
        'witnesses': {one.name: one.said for one in around.witnesses},
        'others': dict(around.others),
    }
    if around.arbitrator is not None:
        seen['arbitrator'] = around.arbitrator.said
    return seen


ISOLATED = Gate(
    name='isolated',
    question='Do we reach enough to know that it is not us who are cut off?',
    on_missing='closed: who cannot ask may be the isolated one; open where no witness is '
    'configured, and the reason says so',
    decide=_isolated,
    needs=frozenset({'surroundings'}),
)
