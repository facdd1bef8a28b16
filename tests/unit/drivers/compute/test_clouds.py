"""clouds.yaml: which one counts, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.compute.nova import NovaCompute
from drivers.contracts.errors import Refused, Unreachable

CLOUD = """clouds:
  mine:
    region_name: One
    auth: {auth_url: "http://127.0.0.1:9/v3", username: u, password: secret-word, project_name: p}
"""


@pytest.fixture
def clouds(tmp_path: Path) -> str:
    file = tmp_path / 'clouds.yaml'
    file.write_text(CLOUD)
    return str(file)


def test_the_file_that_was_named_counts(
    clouds: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / 'other.yaml'
    other.write_text('clouds: {other: {auth: {}}}\n')
    monkeypatch.setenv('OS_CLIENT_CONFIG_FILE', str(other))
    NovaCompute(cloud='mine', client_config_file=clouds)


def test_the_only_cloud_needs_no_name(clouds: str) -> None:
    driver = NovaCompute(client_config_file=clouds)
    with pytest.raises(Unreachable):
        driver.services(timeout=2.0)


def test_a_cloud_that_is_not_there_is_named(clouds: str) -> None:
    with pytest.raises(Refused, match=r"cloud 'yours'.*yours"):
        NovaCompute(cloud='yours', client_config_file=clouds)


def test_nothing_is_asked_before_the_first_call(clouds: str) -> None:
    NovaCompute(cloud='mine', client_config_file=clouds)


def test_nobody_listening_is_unreachable_and_tells_no_secret(clouds: str) -> None:
    with pytest.raises(Unreachable, match='Nova cannot be reached') as caught:
        NovaCompute(cloud='mine', client_config_file=clouds).services(timeout=2.0)
    assert 'secret-word' not in str(caught.value)
