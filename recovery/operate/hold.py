"""Answering a hold: approve lets a recovery pass the gates that hold it, reject ends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from recovery.db import states
from recovery.db.store import Store
from recovery.operate.change import ENDING, put, take, take_over, tell
from recovery.operate.refusal import Refusal
from recovery.policy import approvals, order
from recovery.policy.inputs import Approval
from recovery.view.ids import short
from recovery.view.outlook import holding

HELD_CODE = 'held'  # a waiting recovery that met its gates again


def approve(
    store: Store,
    identifier: str,
    *,
    by: str,
    reason: str,
    seen: Sequence[approvals.Entry] | None = None,
) -> tuple[str, ...]:
    """Let a held recovery pass the gates that held it by its newest recorded decision, for as long
    as its round lasts, and for what they had found: one that finds something else, or more of it,
    holds again; so do other gates. Returns the names of the gates.

    :param seen: what the human was shown; None: nobody says.
    :raises Refusal: nothing holds it, a gate that no approval opens, or one that has found
        something else since.
    """

    def work(connection: sa.Connection) -> tuple[str, ...]:
        now, row = store.clock.now(), take(connection, identifier)
        _refuse_unless_held(row)
        gates = _approvable(holding(connection, identifier), row)
        if seen is not None:
            _refuse_unseen(gates, approvals.approval(by, seen), identifier)
        passed = approvals.together(row['approved_gates'], map(approvals.of_record, gates))
        put(
            connection, row, states.READY, now,
            approved_by=by, approved_reason=reason, approved_gates=passed,
            code=None, reason=None, verb=None, next_check=None, expires_at=None,
        )  # fmt: skip
        take_over(connection, row, now, by=by)
        names = tuple(str(one['gate']) for one in gates)
        tell(connection, identifier, now, by=by, what=f'approved: {", ".join(names)}', why=reason)
        return names

    return store.transact(work)


def reject(store: Store, identifier: str, *, by: str, reason: str) -> None:
    """End a held recovery before anything was done.

    :raises Refusal: it is not held.
    """

    def work(connection: sa.Connection) -> None:
        now, row = store.clock.now(), take(connection, identifier)
        if row['state'] != states.HELD:
            raise Refusal(
                f'recovery {short(identifier)} is {row["state"]}, not held: reject answers a hold',
                f'recovery show {short(identifier)}',
            )
        said = f'rejected by {by}' + (f': {reason}' if reason else '')
        put(
            connection, row, states.CANCELLED, now,
            **ENDING, ended_at=now, code='rejected', reason=said, verb=None,
        )  # fmt: skip
        tell(connection, identifier, now, by=by, what='rejected', why=reason)

    store.transact(work)


def _refuse_unless_held(row: Mapping[str, Any]) -> None:
    held = row['state'] == states.HELD
    if held or (row['state'] == states.WAITING and row['code'] == HELD_CODE):
        return
    name = short(row['id'])
    if row['state'] == states.WAITING:
        raise Refusal(
            f'recovery {name} waits, but for no approval: {row["reason"]}',
            row['verb'] or f'recovery show {name}',
        )
    raise Refusal(f'recovery {name} is {row["state"]}: no gate holds it', f'recovery show {name}')


def _refuse_unseen(
    gates: Sequence[Mapping[str, Any]], shown: Approval | None, identifier: str
) -> None:
    for gate in gates:
        found = str(gate.get('finding', '')), gate.get('extent') or {}
        if shown is None or not shown.passes(gate['gate'], *found):
            raise Refusal(
                f'meanwhile the gate "{gate["gate"]}" says: {gate["reason"]}; look again',
                f'recovery approve {short(identifier)}',
            )


def _approvable(
    holding: list[Mapping[str, Any]], row: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    name = short(row['id'])
    if not holding:
        raise Refusal(
            f'recovery {name} is held without a recorded gate: it is decided again by itself',
            f'recovery show {name}',
        )
    closed = {gate.name for gate in order.every_gate() if not gate.approvable}
    for gate in holding:
        if gate['gate'] in closed:
            raise Refusal(
                f'no approval opens the gate "{gate["gate"]}": {gate["reason"]}', gate['verb']
            )
    return holding
