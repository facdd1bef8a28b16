"""The module for other servers: made by the first request, once in each process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from werkzeug.test import Client

from recovery.api import wsgi
from recovery.conf.reading import BadOptions
from recovery.db import upgrade
from tests.unit.recovery.claims.scene import empty

CONF = '[database]\nconnection = sqlite:///{folder}/recovery.sqlite\n[api]\nauth = {auth}\n'


@pytest.fixture
def late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> wsgi.Late:
    (tmp_path / 'recovery.sqlite').write_bytes(empty())
    (tmp_path / 'recovery.conf').write_text(CONF.format(folder=tmp_path, auth='noauth'))
    monkeypatch.setenv(wsgi.VARIABLE, str(tmp_path / 'recovery.conf'))
    monkeypatch.setattr('oslo_log.log.setup', lambda *_: None)  # the runner has a log of its own
    return wsgi.Late()


def test_it_answers_with_the_configuration_of_the_environment(late: wsgi.Late) -> None:
    client = Client(late)
    assert client.get('/healthcheck').text == 'OK\n'
    made = late._application()
    assert client.get('/healthcheck').status_code == 200
    assert late._application() is made


def test_a_copy_of_the_process_makes_its_own(
    late: wsgi.Late, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = late._application()
    monkeypatch.setattr(os, 'getpid', lambda: 1)
    assert late._application() is not made


def test_what_cannot_be_used_is_said(late: wsgi.Late, tmp_path: Path) -> None:
    (tmp_path / 'recovery.conf').write_text(CONF.format(folder=tmp_path, auth='password'))
    with pytest.raises(BadOptions, match=r'\[api\] auth'):
        Client(late).get('/healthcheck')
    (tmp_path / 'recovery.conf').write_text(CONF.format(folder=tmp_path, auth='noauth'))
    (tmp_path / 'recovery.sqlite').write_bytes(b'')
    with pytest.raises(upgrade.StaleSchema, match='recovery db upgrade'):
        Client(late).get('/healthcheck')


def test_there_is_one_for_servers_to_import() -> None:
    assert callable(wsgi.application)
