"""Microversions, and answers that are not what was promised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from drivers.contracts.errors import Refused, Unreachable

SECONDS = 10.0


@pytest.mark.parametrize(
    ('highest', 'sent'), [((2, 104), '2.69'), ((2, 60), '2.60'), ((2, 53), '2.53')]
)
def test_the_highest_common_microversion_is_taken(
    make_site: Callable[..., Any], highest: tuple[int, int], sent: str
) -> None:
    site = make_site()
    site.app.nova.highest = highest
    driver = site.driver()
    driver.services(timeout=SECONDS)
    driver.services(timeout=SECONDS)
    assert site.microversions('os-services') == [f'compute {sent}'] * 2


def test_versions_and_a_token_are_asked_for_once(make_site: Callable[..., Any]) -> None:
    site = make_site()
    driver = site.driver()
    for _ in range(3):
        driver.services(timeout=SECONDS)
    paths = [str(one.path_url) for one in site.sent]
    assert len(paths) == 3 + len(set(paths[:-3]))


def test_a_nova_that_is_too_old_is_refused_in_a_sentence(make_site: Callable[..., Any]) -> None:
    site = make_site()
    site.app.nova.highest = (2, 38)
    with pytest.raises(Refused, match=r'Nova speaks 2\.1 to 2\.38; /os-services needs 2\.53'):
        site.driver().services(timeout=SECONDS)


def test_an_answer_without_the_promised_field_is_none(make_site: Callable[..., Any]) -> None:
    site = make_site()
    driver = site.driver()
    with pytest.raises(Unreachable, match=r'KeyError .*hypervisors') as caught:
        driver._nova.get(
            '/os-services', ((2, 53), (2, 53)), _deadline(site), lambda it: it['hypervisors']
        )
    assert caught.value.request_id


def _deadline(site: Any) -> Any:
    from drivers.compute.http import Deadline

    return Deadline(site.world.clock, SECONDS)


def test_versions_are_asked_for_again_when_they_no_longer_hold(
    make_site: Callable[..., Any],
) -> None:
    site = make_site()
    driver = site.driver()
    driver.services(timeout=SECONDS)
    site.app.nova.highest = (2, 60)  # an older Nova came back
    with pytest.raises(Unreachable, match='406'):
        driver.services(timeout=SECONDS)
    assert driver.services(timeout=SECONDS)
    assert site.microversions('os-services')[-1] == 'compute 2.60'
