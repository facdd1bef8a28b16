"""What is on record after a play: each decision can be made again, each bundle is sound."""

from __future__ import annotations

from collections.abc import Iterator

from recovery.db import tables
from recovery.policy import recorded
from recovery.policy.replay import case_of, replay
from recovery.view import bundle, bundle_file
from tests.stage import Stage

BUNDLES = 3  #: of a storm, these say as much as all


def complaints(stage: Stage) -> Iterator[str]:
    """What of the record is not as it has to be."""
    for row in stage.rows(tables.decision):
        if row['inputs'] is None:
            yield f'decision {row["id"]} was recorded without what its gates looked at'
            continue
        again = replay(case_of(dict(row) | {'replay': recorded.raw(row['inputs'])}))
        for said in (*again.case.recorded.notes, *again.differences):
            yield f'decision {row["id"]} made again: {said}'
        if again.decision.records() != row['gates']:
            yield f'decision {row["id"]} made again: a gate gives another reason'
    for row in stage.recoveries()[-BUNDLES:]:
        sealed = bundle_file.sealed(bundle.body(stage.site.store, row['id']))
        for said in bundle_file.differences(sealed):
            yield f'bundle of {row["kind"]} {row["host"]}: {said}'
