from __future__ import annotations

import pytest

from drivers.command import Ended
from drivers.fencing.agent.speech import complaint, hide


@pytest.mark.parametrize(
    ('out', 'err', 'text'),
    [
        ('', '', 'no reason (exit status 1)'),
        ('', '2026-11-20 10:00:00,123 ERROR: Failed: x\n\n', 'Failed: x (exit status 1)'),
        ('on stdout', '', 'on stdout (exit status 1)'),
        ('', 'first\nlast\n  File "x"\n', 'last (exit status 1)'),
        ('', 'x' * 500, 'x' * 300 + ' (exit status 1)'),
    ],
)
def test_complaint(out: str, err: str, text: str) -> None:
    assert complaint(Ended(1, out, err), ()) == text


def test_a_long_reason_does_not_show_half_a_secret() -> None:
    text = complaint(Ended(1, '', 'x' * 295 + 'long-secret'), ['long-secret'])
    assert 'long' not in text


def test_hide() -> None:
    assert hide('a p@ss in https://u:p%40ss@x', ['p@ss', '']) == 'a *** in https://u:***@x'
    assert hide('abc ab', ['ab', 'abc']) == '*** ***'
