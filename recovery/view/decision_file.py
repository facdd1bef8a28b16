"""Decisions in files: those of a bundle, and one by itself, as 'recovery plan' records it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from recovery.policy import recorded
from recovery.policy.decide import Decision
from recovery.policy.reading import BadRecord
from recovery.view import bundle_file
from recovery.view.times import precise

FORMAT = 'openstack-recovery decision'
SCHEMA = 1


def document(stage: str, decision: Decision) -> dict[str, Any]:
    """A decision with what its gates looked at."""
    found: dict[str, Any] = recorded.tame(
        {
            'format': FORMAT,
            'schema': SCHEMA,
            'stage': stage,
            'answer': str(decision.word),
            'gate': decision.gate,
            'reason': decision.answer.reason,
            'at': precise(decision.inputs.now),
            'gates': decision.records(),
            'replay': recorded.as_json(decision.inputs, may_end=decision.may_end),
        }
    )
    return found


def text(document: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the file: one member a line."""
    members = list(document.items())
    for number, (name, value) in enumerate(members):
        begin = '{' if not number else ' '
        end = ',' if number < len(members) - 1 else '}'
        yield f'{begin}{bundle_file.canonical(name)}:{bundle_file.canonical(value)}{end}'


def decisions(document: Any) -> list[dict[str, Any]]:
    """The decisions in a document. Raises BadRecord."""
    if isinstance(document, dict) and document.get('format') == FORMAT:
        if document.get('schema') != SCHEMA:
            raise BadRecord(
                f'it is of schema {document.get("schema")!r}; this release reads {SCHEMA}'
            )
        return [document]
    try:
        found = bundle_file.opened(document).get('decisions')
    except bundle_file.BadBundle as error:
        raise BadRecord(
            f'{error}; "recovery plan HOST --record FILE" writes one decision'
        ) from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadRecord('it has no list of decisions')
    return found
