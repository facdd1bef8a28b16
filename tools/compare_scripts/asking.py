"""Send the requests to one API, and keep of each answer what has to be the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from peer_scripts.processes import Failed
from quickstart_scripts.world import Cloud

from compare_scripts import rows
from compare_scripts.requests import ROWS, Request, resolve, times
from compare_scripts.servers import PASSWORD, Api

#: Of an answer; of a request ID only that there is one.
HEADERS = ('Content-Type', 'OpenStack-API-Version', 'Vary', 'X-Openstack-Request-Id',
           'WWW-Authenticate', 'Allow', 'Location')  # fmt: skip
USERS = {'admin': 'admin', 'monitor': 'service', 'reader': 'demo', 'member': 'demo'}
_UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
_VERB = re.compile(r'^(recovery [a-z]+) .*')
_TIME = re.compile(r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?')


@dataclass(frozen=True)
class Answer:
    """What is compared of one."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, str]  #: path -> value; {} when it is no JSON


def ask(api: Api, asked: Sequence[Request], served: Cloud, now: datetime) -> dict[str, Answer]:
    """The answers by the names of the requests. Raises Failed."""
    session = requests.Session()
    session.trust_env = False
    tokens = dict(tokens_of(session, served))
    saved: dict[str, Any] = {**dict(times(now)), 'PROJECT': 'a' * 32}
    answers = {}
    for template in asked:
        one = resolve(template, saved)
        if one.method == ROWS:
            saved |= rows.put(api, one.path, saved)
            continue
        said = _send(session, api, one, tokens)
        for name, place in one.save.items():
            saved[name] = _at(said, place, f'{api.name}: {one.name}')
        answers[one.name] = _answer(said, api)
    return answers


def tokens_of(session: requests.Session, served: Cloud) -> Iterator[tuple[str, str]]:
    """A token of each user, by the user's name."""
    for user, project in USERS.items():
        domain = {'name': 'Default'}
        by = {'user': {'name': user, 'domain': domain, 'password': PASSWORD}}
        auth = {
            'identity': {'methods': ['password'], 'password': by},
            'scope': {'project': {'name': project, 'domain': domain}},
        }
        url = f'{served.url}/identity/v3/auth/tokens'
        answer = session.post(url, json={'auth': auth}, timeout=30)
        yield user, answer.headers['X-Subject-Token']


def _send(
    session: requests.Session, api: Api, one: Request, tokens: Mapping[str, str]
) -> requests.Response:
    headers = {'Accept': 'application/json'}
    if one.caller != 'nobody':
        headers['X-Auth-Token'] = tokens.get(one.caller, 'no-token')
    if one.version:
        headers['OpenStack-API-Version'] = one.version
    data = one.raw
    if one.body is not None:
        data = json.dumps(one.body)
    if data is not None:
        headers['Content-Type'] = 'application/json'
    headers |= one.headers
    try:
        return session.request(
            one.method, api.url + one.path, data=data, headers=headers, timeout=90,
            allow_redirects=False,
        )  # fmt: skip
    except requests.RequestException as error:
        raise Failed(f'{api.name} does not answer {one.name}: {error}') from error


def _at(said: requests.Response, place: str, who: str) -> Any:
    found: Any = said.json() if said.content else {}
    for name in place.split('.'):
        if not isinstance(found, dict) or name not in found:
            raise Failed(f'{who}: no {place} in {said.status_code} {said.text[:300]}')
        found = found[name]
    return found


def _answer(said: requests.Response, api: Api) -> Answer:
    headers = {name: said.headers[name] for name in HEADERS if name in said.headers}
    if 'X-Openstack-Request-Id' in headers:
        headers['X-Openstack-Request-Id'] = 'REQUEST-ID'
    try:
        body = dict(_flat(said.json(), '', api))
    except ValueError:
        body = {}
    return Answer(said.status_code, headers, body)


def _flat(value: Any, path: str, api: Api) -> Iterator[tuple[str, str]]:
    """Leaves by their paths; what one run has and the next one has not is named instead."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _flat(one, f'{path}.{key}' if path else key, api)
    elif isinstance(value, list) and value:
        yield path, rows_text(len(value))
        for number, one in enumerate(value):
            yield from _flat(one, f'{path}.{number}', api)
    else:
        yield path, _shown(value, path.rpartition('.')[2], api)


def rows_text(count: int) -> str:
    """What stands for a list; its rows are compared when both have as many."""
    return f'{count} row{"" if count == 1 else "s"}'


def _shown(value: Any, key: str, api: Api) -> str:
    if key == 'id' and isinstance(value, int):
        return 'ID'
    if isinstance(value, list):
        return rows_text(0)
    if not isinstance(value, str):
        return json.dumps(value)
    if key in ('message', 'title', 'description') and value and len(value) > 12:
        return 'TEXT'  # sentences are each side's own
    text = _VERB.sub(r'\1', value.replace(api.url, 'BASE'))
    return json.dumps(_TIME.sub('TIME', _UUID.sub('UUID', text)))
