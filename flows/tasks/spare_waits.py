"""What a recovery says that waits for a reserved host."""

from __future__ import annotations

from flows.ports import Claim
from flows.records import Item
from flows.stop import Waiting

AGAIN_SECONDS = 60.0


def no_spare(claim: Claim, pending: list[Item]) -> Waiting:
    """What a recovery waits for that may use nothing but reserved hosts."""
    return Waiting(
        f'{len(pending)} instance(s) of {claim.host} wait for a reserved host, {pending[0].name} '
        'for one, and none of its segment can be used: register or repair one',
        code='no-spare',
        verb=f'recovery rerun {claim.recovery_id}',
        again_in=AGAIN_SECONDS,
    )


def not_yet(claim: Claim, pending: list[Item]) -> Waiting:
    """What it waits for while nothing may be sent."""
    return Waiting(
        f'{len(pending)} instance(s) of {claim.host} cannot be sent to a reserved host yet, '
        f'{pending[0].name} for one: a move of it is under way, or the host has just changed',
        code='migration-open',
        verb=f'recovery settle {claim.recovery_id[:8]} {pending[0].instance[:8]} --as STATE',
        again_in=30.0,
    )
