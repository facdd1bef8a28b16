"""The components of the OpenAPI document: each noun as it is answered."""

from __future__ import annotations

from collections.abc import Mapping

from recovery.api.native.schemas import (
    BOOL,
    COUNTS,
    OBJECT,
    STATE,
    TEXT,
    TEXTS,
    WHEN,
    WHOLE,
    Schema,
    given,
    maybe,
    ref,
)

NUMBER: Schema = {'type': 'number'}


def several(name: str) -> Schema:
    """A list of one of the components."""
    return {'type': 'array', 'items': ref(name)}


_RECOVERY: Mapping[str, Schema] = {
    'id': TEXT, 'kind': TEXT, 'host': TEXT, 'subject': TEXT, 'state': STATE,
    'phase': maybe(TEXT), 'round': WHOLE, 'code': maybe(TEXT), 'reason': maybe(TEXT),
    'worker': maybe(TEXT), 'created_at': WHEN, 'ended_at': maybe(WHEN), 'items': COUNTS,
    'held_by': TEXT, 'next': TEXT, 'waits_for_human': BOOL,
}  # fmt: skip
_STEP = given(
    phase=TEXT, name=TEXT, state=TEXT, seconds=maybe(NUMBER), attempt=WHOLE, message=TEXT,
    started_at=maybe(WHEN), ended_at=maybe(WHEN),
)  # fmt: skip
_SAID = given(source=TEXT, kind=TEXT, subject=TEXT, at=WHEN)
#: As it was recorded, maybe by another release, which may have said more.
_GATE: Schema = {
    'type': 'object',
    'required': ['gate', 'answer', 'reason', 'verb'],
    'properties': {
        'gate': TEXT, 'question': TEXT, 'answer': TEXT, 'reason': TEXT, 'verb': TEXT,
        'inputs': OBJECT, 'approved': BOOL,
    },
    'additionalProperties': True,
}  # fmt: skip
_MORE: Mapping[str, Schema] = {
    'claims': WHOLE, 'requested_by': TEXT, 'approved_by': maybe(TEXT),
    'approved_reason': maybe(TEXT), 'superseded_by': maybe(TEXT), 'undoing': BOOL,
    'notes': OBJECT, 'started_at': maybe(WHEN), 'next_check': maybe(WHEN), 'alarm': maybe(TEXT),
    'at': WHEN, 'steps': {'type': 'array', 'items': _STEP}, 'said': maybe(_SAID),
    'holding': several('Gate'), 'trouble': several('Item'),
}  # fmt: skip
_ALARM: Mapping[str, Schema] = {
    'id': TEXT, 'source': TEXT, 'key': TEXT, 'kind': TEXT, 'subject': TEXT, 'at': WHEN,
    'arrived_at': WHEN, 'answer': TEXT, 'reason': maybe(TEXT), 'recovery': maybe(TEXT),
    'repeats': WHOLE,
}  # fmt: skip
_DECISION = given(
    stage=TEXT, at=WHEN, answer=TEXT, gate=maybe(TEXT), reason=TEXT, gates=several('Gate')
)
_OUTCOME: Mapping[str, Schema] = {
    'said': TEXTS, 'next': TEXT, 'answer': TEXT, 'reason': TEXT, 'gate': TEXT, 'repeated': BOOL,
    'alarm': maybe(TEXT), 'recovery': maybe(TEXT),
}  # fmt: skip
_DEVICE = given(
    level=WHOLE, name=TEXT, address=TEXT, power=TEXT, identity=maybe(TEXT), enrolled=maybe(TEXT),
    error=TEXT, verdict=TEXT,
)  # fmt: skip
_HOST: Mapping[str, Schema] = {
    'host': TEXT, 'nova': TEXT, 'fencing': TEXT, 'fence_path': TEXT, 'segment': TEXT,
    'maintenance': BOOL, 'failed_by': TEXT, 'recovery': TEXT, 'recovery_state': TEXT,
}  # fmt: skip
_LEVEL = given(number=WHOLE, devices=TEXTS)
_PLANNED = given(
    instance=TEXT, name=TEXT, vm_state=TEXT, action=TEXT, reason=TEXT, priority=WHOLE,
    target=maybe(TEXT),
)  # fmt: skip
#: What every order tells.
DONE: Mapping[str, Schema] = {'action': TEXT, 'said': TEXTS, 'next': TEXT}


def _more(schema: Schema, **optional: Schema) -> Schema:
    """With properties that only some have."""
    return {**schema, 'properties': {**schema['properties'], **optional}}


COMPONENTS: Mapping[str, Schema] = {
    'Recovery': given(**_RECOVERY),
    'RecoveryInFull': given(**_RECOVERY, **_MORE),
    'Gate': _GATE,
    'Item': given(
        instance=TEXT, name=TEXT, state=TEXT, source=TEXT, destination=maybe(TEXT),
        attempts=WHOLE, migration=maybe(WHOLE), round=WHOLE, priority=WHOLE, reason=TEXT,
        vm_state=TEXT, target=maybe(TEXT), request_id=maybe(TEXT), started_at=maybe(WHEN),
        ended_at=maybe(WHEN),
    ),
    'Entry': given(at=WHEN, sort=TEXT, round=maybe(WHOLE), who=TEXT, what=TEXT, why=TEXT),
    'Bundle': given(format=TEXT, schema=WHOLE, digest=OBJECT, body=OBJECT),
    'Alarm': given(**_ALARM),
    'AlarmInFull': given(
        **_ALARM, evidence=OBJECT, raw=TEXT, requested_by=TEXT,
        decisions={'type': 'array', 'items': _DECISION},
    ),
    'Outcome': given(**_OUTCOME),
    'RecoveryOrder': _more(
        given(**DONE, recovery=TEXT),
        gates=TEXTS, outcome=TEXT, round=WHOLE, instance=TEXT,
    ),
    'HostOrder': _more(
        given(**DONE, host=TEXT),
        proof=WHOLE, readings=TEXT, recovery=maybe(TEXT), answer=TEXT, reason=TEXT, gate=TEXT,
        repeated=BOOL, alarm=maybe(TEXT),
    ),
    'Switched': given(**DONE, scope=TEXT),
    'Host': given(**_HOST, marks=TEXT),
    'HostInFull': given(
        **_HOST, disabled_reason=TEXT, reported_or_changed_at=TEXT, instances=COUNTS,
        devices={'type': 'array', 'items': _DEVICE}, maintenance_by=TEXT,
        maintenance_reason=TEXT, carries=TEXTS, proven_off_at=TEXT, returned_at=TEXT, next=TEXT,
    ),
    'Plan': given(
        host=TEXT, kind=TEXT, answer=TEXT, gate=TEXT, reason=TEXT, verb=TEXT,
        gates=several('Gate'), levels={'type': 'array', 'items': _LEVEL},
        instances=maybe({'type': 'array', 'items': _PLANNED}), warnings=TEXTS,
    ),
    'Window': given(
        id=TEXT, scope=TEXT, state=TEXT, begins_at=WHEN, ends_at=WHEN, by=TEXT, reason=TEXT,
        closed_by=TEXT,
    ),
    'WindowAdded': given(said=TEXTS, next=TEXT, window=ref('Window')),
    'WindowClosed': given(**DONE),
    'FencePath': given(
        host=TEXT, off_works=maybe(BOOL), on_works=maybe(BOOL), verdict=TEXT, since=maybe(WHEN),
        at=maybe(WHEN), devices={'type': 'array', 'items': OBJECT},
    ),
    'Process': given(
        name=TEXT, kind=TEXT, host=TEXT, pid=WHOLE, version=TEXT, alive=BOOL,
        draining_at=maybe(WHEN), draining_by=TEXT, started_at=WHEN, seen_at=WHEN,
        recoveries=TEXTS,
    ),
    'WorkerOrder': given(**DONE, workers=TEXTS),
    'GateAsked': given(
        kind=TEXT, number=WHOLE, gate=TEXT, question=TEXT, needs=TEXTS, on_missing=TEXT,
        approvable=BOOL, stages=TEXTS,
    ),
    'Finding': given(level=TEXT, check=TEXT, finding=TEXT, todo=TEXT),
    'Index': given(name=TEXT, version=TEXT, openapi=TEXT, kinds=TEXTS),
    'Fault': {
        'type': 'object',
        'description': 'one key, which names the status',
        'minProperties': 1,
        'maxProperties': 1,
        'additionalProperties': _more(given(code=WHOLE, message=TEXT), verb=TEXT),
    },
}  # fmt: skip
