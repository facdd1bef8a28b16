"""What Nova's record of a service said before requests of ours moved it."""

from __future__ import annotations

import pytest

from recovery.policy.stamps import reported_before

Change = tuple[float, float, float | None]


@pytest.mark.parametrize(
    ('changes', 'reported'),
    [
        ([], None),
        ([(100.0, 100.5, 91.0)], 91.0),
        ([(100.0, 100.5, None)], None),
        # The newer one saw the stamp of the older one, wherever within it Nova wrote it.
        ([(100.0, 101.0, 50.2), (50.0, 50.5, 33.0)], 33.0),
        ([(100.0, 101.0, 55.0), (50.0, 60.0, 33.0)], 33.0),
        ([(100.0, 101.0, 62.9), (50.0, 60.0, 33.0)], 33.0),
        ([(100.0, 101.0, 63.1), (50.0, 60.0, 33.0)], 63.1),
        ([(100.0, 101.0, 46.9), (50.0, 60.0, 33.0)], 46.9),
        ([(100.0, 101.0, 50.2), (50.0, 50.5, None)], None),
        ([(100.0, 101.0, 50.1), (50.0, 50.5, 10.1), (10.0, 10.2, 3.0)], 3.0),
        ([(100.0, 101.0, 50.1), (50.0, 50.5, 40.0), (10.0, 10.2, 3.0)], 40.0),
    ],
)
def test_the_last_report_before_changes_of_ours(
    changes: list[Change], reported: float | None
) -> None:
    assert reported_before(changes) == reported
