"""A wish is answered once: by its Stop, or by the undo that it began."""

from __future__ import annotations

import pytest

from recovery.claims.wish import wish
from tests.unit.recovery.claims.scene import Scene


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        ({}, None),
        ({'wish': 'leave', 'wish_by': 'ann', 'wish_reason': 'mine'}, 'cancelled by ann: mine'),
        ({'wish': 'undo', 'wish_by': 'ann', 'wish_reason': 'mine', 'undoing': True}, None),
    ],
)
def test_a_wish(here: Scene, values: dict[str, object], reason: str | None) -> None:
    recovery = here.recovery()
    if values:
        here.change(recovery, **values)
    with here.store.read() as connection:
        found = wish(connection, recovery)
    assert (found.reason if found else None) == reason
