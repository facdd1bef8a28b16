"""Whatever is posted or asked, it is never our mistake."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.recovery.api.masakari.conftest import Masakari

SOME = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
WORDS = st.sampled_from(['COMPUTE_HOST', 'VM', 'PROCESS', 'STOPPED', 'compute-01', 'auto', 'True'])
KEYS = {
    'segment': ('name', 'recovery_method', 'service_type', 'description', 'enabled'),
    'host': ('name', 'type', 'control_attributes', 'reserved', 'on_maintenance'),
    'notification': ('type', 'hostname', 'generated_time', 'payload'),
}
PARAMETERS = (
    'limit', 'marker', 'sort_key', 'sort_dir', 'enabled', 'reserved', 'on_maintenance',
    'generated-since', 'status', 'type', 'name',
)  # fmt: skip


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, Any]:
    """Almost what is wanted."""
    key = draw(st.sampled_from(sorted(KEYS)))
    fields = {
        name: draw(WORDS | JSON | st.datetimes().map(str))
        for name in KEYS[key]
        if draw(st.integers(0, 9))
    }
    return key, {key: fields} if draw(st.integers(0, 9)) else fields


@SOME
@given(body=bodies())
def test_bodies(ask: Masakari, body: tuple[str, Any]) -> None:
    key, said = body
    segment = 'no-uuid'
    paths = {
        'segment': '/v1/segments',
        'host': f'/v1/segments/{segment}/hosts',
        'notification': '/v1/notifications',
    }
    answer = ask('POST', paths[key], said)
    assert answer.status_code < 500, answer.text
    assert answer.status_code < 400 or answer.get_json()


@SOME
@given(
    path=st.sampled_from(['/v1/segments', '/v1/notifications', '/v1/segments/x/hosts']),
    query=st.lists(
        st.tuples(
            st.sampled_from(PARAMETERS),
            st.text(max_size=20) | st.integers().map(str) | st.sampled_from(['name', 'id', 'asc']),
        ),
        max_size=4,
    ),
    version=st.text(st.characters(codec='ascii', exclude_categories=['Cc']), max_size=12),
)
def test_queries(ask: Masakari, path: str, query: list[tuple[str, str]], version: str) -> None:
    answer = ask.inside.ask(
        'GET', path, query_string=query, headers={'OpenStack-API-Version': f'instance-ha {version}'}
    )
    assert answer.status_code < 500, answer.text
