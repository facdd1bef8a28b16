"""A page as JSON, and as a page again."""

from __future__ import annotations

import json
from pathlib import Path

from recovery.cli import screen
from recovery.view.page import described, page_of, read
from tests.unit.recovery.cli.site import operator


def test_a_page_survives_being_json(tmp_path: Path) -> None:
    with operator(tmp_path) as run:
        now = run.store.clock.now()
        run.add(
            'alarm', id='a' * 36, source='hw', key='k', kind='host-down', subject='compute-01',
            at=now, arrived_at=now, evidence={}, raw='', repeats=0,
            requested_by='hw',
        )  # fmt: skip
        identifier = run.recovery(
            state='waiting', alarm='a' * 36, round=2, code='settled', next_check=now + 60,
            approved_by='alice', approved_reason='I looked', worker='w', started_at=now - 5.25,
        )  # fmt: skip
        run.item(identifier, 'vm', 'unsettled', reason='nobody knows', started_at=now - 4.5)
        page = read(run.store, identifier)
    document = json.loads(json.dumps(described(page)))
    again = page_of(document)
    assert described(again) == document
    for plain in (True, False):
        assert [str(one) for one in screen.lines(again, plain=plain)] == [
            str(one) for one in screen.lines(page, plain=plain)
        ]
    assert again.phases == page.phases
    assert again.alarm['source'] == 'hw'
