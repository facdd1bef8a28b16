"""How a run ended, and what that makes of the recovery: one table from ends to states."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from flows.stop import (
    BackToFence,
    Cancelled,
    ClaimLost,
    InHands,
    NotNeeded,
    Stop,
    StoreAway,
    Waiting,
)
from recovery.board import over
from recovery.board.books import UnknownFlow
from recovery.board.run import FlowFailed, Run, read_row
from recovery.claims.claim import Claim
from recovery.claims.ledger import STEPS
from recovery.claims.wish import wish
from recovery.db import events, intents, proofs, spares, states, waits
from recovery.db.recoveries import GIVEN_BACK
from recovery.policy.gates.nova import OVER
from recovery.policy.order import HOST_RETURN

LOG = logging.getLogger(__name__)

SPARES_AGAIN_SECONDS = 60.0
ROUNDS = 5  # times that a recovery goes back to fence by itself


def conclude(claim: Claim, make: Callable[[Mapping[str, Any]], Run], *, claims: int) -> str:
    """Run the recovery and release it in the state that its end calls for.

    :param claims: how often a round may be claimed without reaching an end.

    Returns that state, or '' when nothing could be written because the claim, or the database,
    is gone: then whoever owns the recovery next goes on from what is stored.

    :raises UnknownFlow: this installation cannot run it; it is ready for another worker.
    """
    try:
        row = read_row(claim)
        if row['claims'] > claims:
            return _wait(
                claim,
                f'{row["claims"] - 1} workers began this round and none came to an end',
                code='claims',
                verb=f'recovery rerun {claim.recovery_id}',
            )
        try:
            return _ran(claim, row, make(row))
        except UnknownFlow as error:
            claim.release(
                states.READY,
                what='left to another worker',
                why=str(error),
                claims=row['claims'] - 1,
            )
            raise
        except Exception as error:
            # Nothing of ours may lose a recovery without a word.
            LOG.exception('recovery %s', claim.recovery_id)
            return _failed(claim, f'{type(error).__name__}: {error}')
    except Stop as stop:
        return _stopped(claim, stop)


def _ran(claim: Claim, row: Mapping[str, Any], run: Run) -> str:
    if row['undoing'] and row['wish'] == 'leave':
        return _leave(claim, run, waits.why_it_ends(row))
    if row['undoing']:
        return _undo(claim, run, waits.why_it_ends(row))
    try:
        with claim.store.read() as connection:
            cancelled = wish(connection, claim.recovery_id)
        if cancelled is not None:
            raise cancelled
        if _owes_spares(row):
            claim.spares_owed = not run.give_back_empty_spares()
            if not _proven(claim):  # else a human has just said that it is off
                return _wait(claim, row['reason'], code=row['code'], verb=row['verb'] or '')
        _forward(claim, run)
    except FlowFailed as error:
        # The host is still down: ending here, even undone, would forget it.
        return _failed(claim, str(error))
    except NotNeeded as error:
        return _not_needed(claim, run, str(error))
    except Cancelled as cancelled:
        return _cancelled(claim, run, cancelled)
    counts = read_row(claim)['notes'].get('outcome', {})
    state = states.DONE_WITH_FAILURES if counts.get('failed') else states.DONE
    claim.release(state, what=f'the recovery of {claim.subject} is {state}', code=None, reason=None,
                  verb=None)  # fmt: skip
    return state


def _not_needed(claim: Claim, run: Run, why: str) -> str:
    if _crossed(claim):
        return _failed(claim, why)
    if not over.ends(claim, why):
        return _again(claim, 'another alarm about it has come since it was looked at')
    return _undo(claim, run, why)


def _forward(claim: Claim, run: Run) -> None:
    """Go on. What does not come to a proof keeps no reserved host open that nothing came to: the
    scheduler would fill it meanwhile (H15). While the fencing goes on nothing goes before it."""
    try:
        run.forward()
    except (Waiting, NotNeeded, FlowFailed):
        if _has_spares(claim) and not _proven(claim):
            claim.spares_owed = not run.give_back_empty_spares()
        raise
    except BackToFence:
        if claim.round >= ROUNDS and _has_spares(claim):
            claim.spares_owed = not run.give_back_empty_spares()
        raise


def _owes_spares(row: Mapping[str, Any]) -> bool:
    """Whether it waits for a human, and was woken for its reserved hosts only: what a human says
    takes the code off the row."""
    return row['code'] is not None and row['notes'].get(spares.OWED) == row['code']


def _undo(claim: Claim, run: Run, why: str) -> str:
    run.undo()
    # A source that goes on saying so is heard again; what a human ended stays ended.
    row = read_row(claim)
    was_over = row['code'] == OVER.name or row['notes'].get(OVER.name) == claim.round
    code = OVER.name if was_over else None
    claim.release(states.UNDONE, what='everything was given back', why=why, reason=why, code=code,
                  verb=None)  # fmt: skip
    return states.UNDONE


def _cancelled(claim: Claim, run: Run, cancelled: Cancelled) -> str:
    how = read_row(claim)['wish']
    claim.resume_cancelled()
    if how == 'undo' and not _crossed(claim):
        notes = {**read_row(claim)['notes'], GIVEN_BACK: claim.clock.now()}
        claim.transact(
            lambda connection: None, undoing=True, wish=None, reason=cancelled.reason, notes=notes
        )
        return _undo(claim, run, cancelled.reason)
    if how == 'undo':
        return _wait(
            claim,
            f'{cancelled.reason}; but {_told(claim)}, which is never undone',
            code='undo-refused',
            verb=f'recovery cancel {claim.recovery_id} --leave',
            wish=None,
        )
    if _has_spares(claim):
        # Until it has ended it keeps the wish, so that its next owner goes on here.
        claim.transact(lambda connection: None, undoing=True, reason=cancelled.reason)
        claim.resume_cancelled()
    return _leave(claim, run, cancelled.reason)


def _leave(claim: Claim, run: Run, why: str) -> str:
    """End it as things are, but for the reserved hosts that nothing came to (H15)."""
    if _has_spares(claim):
        run.give_back_spares()
    claim.release(states.CANCELLED, what='cancelled', why=why, code='cancelled', reason=why,
                  verb=None)  # fmt: skip
    return states.CANCELLED


def _has_spares(claim: Claim) -> bool:
    with claim.store.read() as connection:
        return spares.in_hand(connection, claim.recovery_id)


def _proven(claim: Claim) -> bool:
    """Whether a proof of this round stands: then the reserved hosts are about to be used."""
    with claim.store.read() as connection:
        now = claim.clock.now()
        return proofs.standing(connection, claim.recovery_id, claim.round, now) is not None


def _stopped(claim: Claim, stop: Stop) -> str:
    try:
        if isinstance(stop, (ClaimLost, StoreAway)):
            LOG.warning('%s %s: let go: %s', claim.host, claim.recovery_id, stop.reason)
            claim.stop(ClaimLost(stop.reason))
            return ''
        if isinstance(stop, Waiting):
            again = None if stop.again_in is None else claim.clock.now() + stop.again_in
            anew = _anew(claim) if _looked_at_anew(claim, stop) else {}
            return _wait(
                claim, stop.reason, code=stop.code, verb=stop.verb, next_check=again, **anew
            )
        if isinstance(stop, BackToFence):
            return _again(claim, stop.reason)
        if isinstance(stop, Cancelled):  # before the book was open
            claim.resume_cancelled()
        claims = read_row(claim)['claims'] - 1
        claim.release(states.READY, what='let go', why=stop.reason, claims=claims)
        return states.READY
    except (ClaimLost, StoreAway) as late:
        LOG.warning('%s %s: let go: %s', claim.host, claim.recovery_id, late.reason)
        claim.stop(ClaimLost(late.reason))
        return ''


def _again(claim: Claim, why: str) -> str:
    if claim.round >= ROUNDS:
        return _wait(
            claim,
            f'round {claim.round} ended like the ones before: {why}',
            code='rounds',
            verb=f'recovery rerun {claim.recovery_id}',
        )
    claim.release(
        states.READY,
        what='back to fence',
        why=why,
        **_anew(claim),
        claims=0,
        code=None,
        reason=None,
        verb=None,
    )
    return states.READY


def _looked_at_anew(claim: Claim, stop: Waiting) -> bool:
    """Whoever had the host in hand may have changed anything of it, its controller for one: what
    a return saw before is worth nothing after."""
    return claim.kind == HOST_RETURN and isinstance(stop, InHands)


def _anew(claim: Claim) -> dict[str, Any]:
    """A new round. What a human let pass was so in the old one: it may be otherwise by now."""
    approved = dict.fromkeys(('approved_by', 'approved_reason', 'approved_gates'))
    return {'round': claim.round + 1, 'book': None, 'phase': None, **approved}


def _failed(claim: Claim, why: str) -> str:
    return _wait(
        claim,
        f'a step failed: {why.splitlines()[0] if why else "no word why"}',
        code='failed',
        verb=f'recovery rerun {claim.recovery_id}',
    )


def _wait(claim: Claim, reason: str, *, code: str, verb: str = '', **values: Any) -> str:
    what, row = f'{events.WAITS}{code}', read_row(claim)
    owes = claim.spares_owed and values.get('next_check') is None
    if owes:
        values['next_check'] = claim.clock.now() + SPARES_AGAIN_SECONDS
    if owes or spares.OWED in row['notes']:
        others = {key: value for key, value in row['notes'].items() if key != spares.OWED}
        values['notes'] = others | ({spares.OWED: code} if owes else {})
    goes_on = values.get('next_check') is not None and _goes_on(claim, what, reason)
    claim.release(
        states.WAITING,
        what='' if goes_on else what,
        why=reason,
        reason=waits.reason_of(row, reason),
        code=code,
        verb=verb or None,
        claims=0,
        **values,
    )
    return states.WAITING


def _goes_on(claim: Claim, what: str, why: str) -> bool:
    """Whether this wait was told already, and no step was begun since."""
    with claim.store.read() as connection:
        wait = events.newest_wait(connection, claim.recovery_id)
    if wait is None or (wait['what'], wait['why']) != (what, why):
        return False
    begun = read_row(claim)['notes'].get(STEPS, {}).get(str(claim.round), {})
    return bool(max(begun.values(), default=0.0) <= wait['at'])


def _told(claim: Claim) -> str:
    if claim.subject != claim.host:
        return 'the instance was told to stop'
    return f'{claim.host} was told to power off'


def _crossed(claim: Claim) -> bool:
    """Whether something was done that must not, or cannot, be taken back."""
    with claim.store.read() as connection:
        return intents.acted_for_good(connection, claim.recovery_id)
