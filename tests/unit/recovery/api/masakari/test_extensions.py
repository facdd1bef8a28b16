"""Extensions."""

from __future__ import annotations

from tests.unit.recovery.api.masakari.conftest import PROJECT, Masakari


def test_listed_and_shown(ask: Masakari) -> None:
    found = ask.listed('/v1/extensions')
    assert {one['alias'] for one in found} == {
        'extensions', 'notifications', 'os-hosts', 'segments', 'versions', 'vmoves',
    }  # fmt: skip
    for one in found:
        assert set(one) == {'name', 'alias', 'description', 'namespace', 'updated', 'links'}
        path = f'/v1/{PROJECT}/extensions/{one["alias"]}'
        assert ask('GET', path).get_json() == {'extension': one}
    ask.refused('GET', '/v1/extensions/colours', status=404)
