"""The budget shrinks as more of the cloud is broken, and grows back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery.policy.gates.budget import allowed
from recovery.policy.inputs import Limits

USUAL = Limits(fence_budget=5, mass_share=0.3, mass_count=2)


@pytest.mark.parametrize(
    ('failed', 'total', 'hosts'),
    [
        (1, 1000, 5),
        (60, 1000, 4),
        (61, 1000, 4),
        (120, 1000, 3),
        (181, 1000, 2),
        (299, 1000, 2),
        (900, 1000, 2),
        (1, 4, 2),
        (0, 0, 2),
    ],
)
def test_it_falls_with_the_share_of_broken_hosts(failed: int, total: int, hosts: int) -> None:
    assert allowed(USUAL, failed, total) == hosts


@given(
    st.integers(1, 1000),
    st.floats(0.0, 1.0),
    st.integers(1, 20),
    st.integers(1, 500),
    st.integers(0, 499),
)
def test_it_never_grows_while_more_breaks(
    budget: int, share: float, count: int, total: int, failed: int
) -> None:
    limits = Limits(fence_budget=budget, mass_share=share, mass_count=count)
    less, more = sorted((failed, min(failed + 1, total)))
    assert allowed(limits, more, total) <= allowed(limits, less, total)
    assert min(budget, count) <= allowed(limits, failed, total) <= budget
