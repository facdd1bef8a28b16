"""The rules of safety in their own words: what must be so of inputs that a fence was admitted on.

Written from the rules, not from the gates: nothing of recovery.policy but its records is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drivers.contracts.compute import Service
from recovery.policy.inputs import Inputs, Missing


def _approved(inputs: Inputs, gate: str) -> bool:
    return inputs.approval is not None and gate in inputs.approval.gates


def _services(inputs: Inputs) -> tuple[Service, ...]:
    return () if isinstance(inputs.services, Missing) else inputs.services


def _broken(inputs: Inputs) -> dict[str, bool]:
    """By host that counts at all, whether it looks broken."""
    found = {}
    for one in _services(inputs):
        age = None if one.updated_at is None else inputs.now - one.updated_at
        parked = (not one.enabled or one.forced_down) and (age is None or age >= 86400)
        if not parked:
            silent = age is None or age >= max(20.0, inputs.limits.down_seconds)
            found[one.host] = one.state != 'up' or silent
    for host in (inputs.subject, *inputs.fences.under_way):
        found[host] = True
    return found


def alive(inputs: Inputs) -> bool:
    """S9: nothing shows that it lives, unless an operator says so; a veto nobody overrules."""
    if isinstance(inputs.signs, Missing):
        return _approved(inputs, 'signs-of-life')
    for sign in inputs.signs:
        if sign.alive and sign.answer == 'veto':
            return False
        if sign.alive and sign.answer == 'hold' and not _approved(inputs, 'signs-of-life'):
            return False
    for one in _services(inputs):
        recent = one.updated_at is not None and inputs.now - one.updated_at < 20.0
        if one.host == inputs.subject and one.state == 'up' and recent:
            return _approved(inputs, 'nova')
    return True


def isolated(inputs: Inputs) -> bool:
    """S10: more than half of what tells us so is reached, or no one was named to tell."""
    around = inputs.surroundings
    if around is None or _approved(inputs, 'isolated'):
        return True
    if isinstance(around, Missing):
        return False
    judge = around.arbitrator is not None and around.arbitrator.reached
    ours = sum(1 if one.reached else -1 for one in around.witnesses)
    if around.witnesses and (ours < 0 or (ours == 0 and not judge)):
        return False
    theirs = 1 + sum(1 if reached else -1 for reached in around.others.values())
    return theirs > 0 or (theirs == 0 and judge)


def too_many(inputs: Inputs) -> bool:
    """S11: of the cloud, and of each domain with a limit, not more than the threshold is broken."""
    if isinstance(inputs.services, Missing):
        return _approved(inputs, 'mass-failure')
    broken, limits = _broken(inputs), inputs.limits
    down = [host for host, bad in broken.items() if bad]
    if len(down) > max(limits.mass_count, limits.mass_share * len(broken)):
        return _approved(inputs, 'mass-failure')
    if isinstance(inputs.domains, Missing):
        return _approved(inputs, 'domain-failure')
    for domain in inputs.domains:
        there = [host for host in broken if host in domain.hosts]
        bad = [host for host in there if broken[host]]
        if domain.mass_share is not None and len(bad) > max(
            domain.mass_count or limits.mass_count, domain.mass_share * len(there)
        ):
            return _approved(inputs, 'domain-failure')
    return True


def budgeted(inputs: Inputs) -> bool:
    """S12: neither too many hosts lately, nor this host too often."""
    others = [host for host in inputs.fences.hosts if host != inputs.subject]
    if len(others) >= inputs.limits.fence_budget and not _approved(inputs, 'fence-budget'):
        return False
    return inputs.recoveries < inputs.limits.attempts or _approved(inputs, 'attempts')


def looping(inputs: Inputs) -> bool:
    """S13: it did not just come back from us."""
    back, alarm = inputs.host.returned_at, inputs.alarm
    if back is None or alarm is None or _approved(inputs, 'fence-loop'):
        return True
    return alarm.at - back >= inputs.limits.loop_seconds


def hasty(inputs: Inputs) -> bool:
    """S14: somebody of ours has looked for a while."""
    since = inputs.observing_since
    if since is None or _approved(inputs, 'start-up'):
        return True
    return inputs.now - since >= inputs.limits.startup_seconds


def stormy(inputs: Inputs) -> bool:
    """S15: the last storm of the cloud, or of a domain of the host, has cooled down."""
    if _approved(inputs, 'storm'):
        return True
    mine = {'cloud'}
    if not isinstance(inputs.domains, Missing):
        mine |= {f'{one.kind}:{one.name}' for one in inputs.domains}
    rest = inputs.limits.storm_cooldown_seconds
    return all(one.scope not in mine or inputs.now - one.seen_at >= rest for one in inputs.storms)


def forbidden(inputs: Inputs) -> bool:
    """S16: switches hold always; maintenance, windows and foreign marks unless approved."""
    if inputs.paused is not None or inputs.disarmed is not None:
        return False
    if inputs.host.maintenance and not _approved(inputs, 'maintenance'):
        return False
    if inputs.windows and not _approved(inputs, 'window'):
        return False
    for one in _services(inputs):
        marked = not one.enabled or one.forced_down
        if one.host == inputs.subject and marked and not inputs.own.disabled:
            return _approved(inputs, 'foreign')
    return True


RULES: Mapping[str, Callable[[Inputs], bool]] = {
    'S9': alive,
    'S10': isolated,
    'S11': too_many,
    'S12': budgeted,
    'S13': looping,
    'S14': hasty,
    'S15': stormy,
    'S16': forbidden,
}


def broken(inputs: Inputs) -> list[str]:
    """Rules that a fence on these inputs would break."""
    return [name for name, keeps in RULES.items() if not keeps(inputs)]
