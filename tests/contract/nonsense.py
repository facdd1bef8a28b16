"""Nonsense to ask the API: bodies, paths, queries and headers, most of them nearly right."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

import recovery.api

HOSTS = ('compute-01', 'compute-02')
SECRET = 'a secret of sixteen letters or more'

NASTY = (
    '', ' ', '0', '-1', '1', 'null', 'None', 'True', '9' * 30, '1e400', 'NaN', '../../etc/passwd',
    '%', '%s%n', '{}', "' OR 1=1 --", '"', '\\', '\x7f', '\u202e', 'ß' * 300, '\U0001f4a5',
    'a' * 5000, '\ufeff', '\r\nX-Evil: 1', '2026-11-20T10:00:00', '2026-13-45T99:99:99',
    '0000-00-00T00:00:00Z', '9999-12-31T23:59:59+14:00', 'x.' * 200, '[::1]:9100',
    '00000000-0000-0000-0000-000000000000', 'latest', 'compute-01', 'compute-01.example:9100',
    'instance-ha 1.9', 'instance-ha latest',
)  # fmt: skip


@cache
def words() -> tuple[str, ...]:
    """What the rooms themselves speak of: keys, values, orders. It reaches further than noise."""
    found = set()
    for file in Path(recovery.api.__file__).parent.rglob('*.py'):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
                if text.replace('_', '').replace('-', '').isalnum() and len(text) < 40:
                    found.add(text)
    return tuple(sorted(found))


def atoms(known: tuple[str, ...]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.sampled_from(NASTY),
        st.sampled_from(known),
        st.sampled_from(words()),
        st.text(max_size=20),
        st.integers(),
        st.floats(),
        st.booleans(),
        st.none(),
    )


def bodies(known: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """JSON whose keys are mostly ours."""
    keys = st.one_of(st.sampled_from(words()), st.text(max_size=8))
    return st.recursive(
        atoms(known),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=8)
        ),
        max_leaves=20,
    )


#: What a webhook posts, to be bent likewise.
ALERTS: Mapping[str, Any] = {
    'version': '4', 'groupKey': '{}:{alertname="ComputeDown"}', 'truncatedAlerts': 0,
    'status': 'firing', 'receiver': 'recovery', 'groupLabels': {}, 'commonLabels': {},
    'commonAnnotations': {}, 'externalURL': 'http://am:9093', 'host': HOSTS[1], 'key': 'k',
    'at': '2026-11-20T10:00:00Z',
    'alerts': [{
        'status': 'firing', 'labels': {'alertname': 'ComputeDown', 'instance': f'{HOSTS[1]}:9100'},
        'annotations': {}, 'startsAt': '2026-11-20T10:00:00.5Z', 'endsAt': '0001-01-01T00:00:00Z',
        'generatorURL': 'http://p', 'fingerprint': 'f00d',
    }],
}  # fmt: skip
#: What Masakari's monitors and clients send, to be bent here and there.
MASAKARI: Mapping[str, Any] = {
    'segment': {
        'name': 'rack2', 'recovery_method': 'rh_priority', 'service_type': 'COMPUTE',
        'description': 'two', 'enabled': False,
    },
    'host': {
        'name': HOSTS[1], 'type': 'COMPUTE', 'control_attributes': 'SSH', 'reserved': True,
        'on_maintenance': 'False',
    },
    'notification': {
        'type': 'COMPUTE_HOST', 'hostname': HOSTS[0], 'generated_time': '2026-11-20T10:00:00',
        'payload': {'event': 'STOPPED', 'host_status': 'NORMAL', 'cluster_status': 'OFFLINE'},
    },
}  # fmt: skip


@st.composite
def bent(draw: st.DrawFn, rule: str, known: tuple[str, ...], document: Mapping[str, Any]) -> Any:
    """A body that the route would take, with some of its parts replaced by nonsense."""
    if rule.startswith('/recovery'):
        found = document['paths'].get(rule.replace('<', '{').replace('>', '}'), {})
        schema = found.get('post', {}).get('requestBody')
        if schema:
            return draw(_fitting(schema['content']['application/json']['schema'], known))
    if rule.startswith('/alarms'):
        whole = copy.deepcopy(dict(ALERTS))
        alert = whole['alerts'][0]
        for part in draw(st.lists(st.sampled_from(sorted(alert)), max_size=2)):
            alert[part] = draw(bodies(known))
        for part in draw(st.lists(st.sampled_from(sorted(whole)), max_size=1)):
            whole[part] = draw(bodies(known))
        return whole
    key = draw(st.sampled_from(sorted(MASAKARI)))
    if rule.endswith(('s', '>')) and draw(st.booleans()):  # the one that the route is about
        key = next((one for one in MASAKARI if rule.rpartition('/')[2].strip('<>s') == one), key)
    inner = dict(MASAKARI[key])
    for part in draw(st.lists(st.sampled_from(sorted(inner)), max_size=2)):
        inner[part] = draw(bodies(known))
    for part in draw(st.lists(st.sampled_from(sorted(inner)), max_size=1)):
        del inner[part]
    return {key: inner}


@st.composite
def _fitting(draw: st.DrawFn, schema: Mapping[str, Any], known: tuple[str, ...]) -> Any:
    """Roughly what a schema of ours allows; what it does not is nonsense, too."""
    if 'oneOf' in schema:
        return draw(_fitting(draw(st.sampled_from(schema['oneOf'])), known))
    if 'const' in schema:
        return schema['const']
    if 'enum' in schema:
        return draw(st.sampled_from(schema['enum']))
    if schema.get('type') == 'object':
        required = schema.get('required', [])
        return {
            name: draw(_fitting(inner, known))
            for name, inner in schema.get('properties', {}).items()
            if name in required or draw(st.booleans())
        }
    if schema.get('type') == 'boolean':
        return draw(st.booleans())
    if schema.get('format') == 'date-time':
        times = ('2026-11-20T10:00:00Z', '2026-02-30T10:00:00Z', '2999-12-31T23:59:59+14:00')
        return draw(st.sampled_from(times))
    return draw(st.one_of(st.sampled_from(known), atoms(known)))


@st.composite
def asked(
    draw: st.DrawFn, rule: str, known: tuple[str, ...], document: Mapping[str, Any]
) -> dict[str, Any]:
    """One request for a route, as werkzeug's client takes it."""
    text = st.one_of(st.sampled_from(known), st.sampled_from(NASTY), st.text(max_size=12))
    there = st.sampled_from(('am', 'any') if rule.startswith('/alarms') else known)
    path = ''.join(
        quote(draw(st.one_of(there, there, text)), safe='') if part.startswith('<') else part
        for part in rule.replace('<', '\0<').replace('>', '>\0').split('\0')
    )
    names = st.one_of(st.sampled_from(words()), st.text(max_size=6))
    query = draw(st.one_of(st.just([]), st.lists(st.tuples(names, text), max_size=5)))
    raw = st.one_of(
        bent(rule, known, document).map(_dumped),
        bent(rule, known, document).map(_dumped),
        bodies(known).map(_dumped),
        st.binary(max_size=200),
        st.sampled_from([b'', b'{', b'[' * 5000, b'{"a":' * 5000, b'\xff', b'x' * 2_000_000]),
    )
    kinds = (*['application/json'] * 6, 'text/plain', '', 'x/y;=')
    versions = st.sampled_from(
        [*['', 'instance-ha 1.2', 'instance-ha latest'] * 4, 'instance-ha 1.99', ' ,;']
    )
    headers = {
        'OpenStack-API-Version': draw(versions),
        'X-Auth-Token': draw(st.sampled_from(['', 'ann:x', 'ä', ':', 'x' * 500])),
        'Authorization': draw(st.sampled_from([*[f'Bearer {SECRET}'] * 3, 'Basic =', 'Bearer ä'])),
        'Accept': draw(st.sampled_from(['', '*/*', 'text/html', 'application/json', ';;q=x'])),
    }
    return {
        'path': path,
        'query_string': urlencode(query, errors='replace'),
        'data': draw(raw),
        'headers': {name: value for name, value in headers.items() if value},
        'content_type': draw(st.sampled_from(kinds)),
    }


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()
