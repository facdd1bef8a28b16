from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any, ClassVar

import pytest

from drivers.contracts.inventory import InventoryError
from drivers.inventory.file import FileInventory
from tests.unit.drivers.inventory.inventories import DRIVERS, Make, Pdu, messages

CREDENTIALS = """
    hosts:
      a: [[{driver: pdu, address: x, plug: 1, community: {env: COMMUNITY_OF_TEST}}]]
      b: [[{driver: pdu, address: x, plug: 2, community: {file: community}}]]
      c: [[{driver: pdu, address: x, plug: 3, community: '{host}'}]]
    """


def test_credentials_by_reference(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = make(CREDENTIALS)
    assert messages(inventory, 'a') == [
        '"community" comes from the environment variable COMMUNITY_OF_TEST, which is not set'
    ]
    assert 'which cannot be read: No such file' in messages(inventory, 'b')[0]
    monkeypatch.setenv('COMMUNITY_OF_TEST', 'public')
    (tmp_path / 'community').write_text('private\n')
    (tmp_path / 'community').chmod(0o600)
    assert messages(inventory, 'a', 'b', 'c') == []
    used = [inventory.path(host).level(1).devices[0].driver for host in 'abc']
    told = [driver.settings['community'] for driver in used if isinstance(driver, Pdu)]
    assert told == ['public', 'private', '{host}']


def test_a_referenced_credential_is_checked_too(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('COMMUNITY_OF_TEST', 'too-long-hidden')
    with pytest.raises(InventoryError, match=r':3: "community" must have at most 8') as caught:
        make(CREDENTIALS).path('a')
    assert 'hidden' not in str(caught.value)


def test_a_secret_that_others_can_read_is_a_warning(make: Make, tmp_path: Path) -> None:
    inventory = make(CREDENTIALS)
    (tmp_path / 'community').write_text('private')
    (tmp_path / 'community').chmod(0o600)
    assert messages(inventory, blocks=False) == []
    (tmp_path / 'community').chmod(0o644)
    assert 'community' in messages(inventory, blocks=False)[0]
    (tmp_path / 'fencing.yaml').chmod(0o640)
    again = FileInventory(tmp_path / 'fencing.yaml', DRIVERS)
    found = [problem for problem in again.problems(()) if not problem.blocks]
    assert {problem.where.rpartition(':')[2] for problem in found} == {'4', '5'}


SEVERAL = """
    hosts:
      a:
        - - driver: agent
            address: x
            secrets: {community: {env: COMMUNITY_OF_TEST}, token: {file: token}, plain: text}
    """


class Agent(Pdu):
    """Takes a mapping of secrets."""

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'properties': {
            'address': {'type': 'string'},
            'secrets': {
                'type': 'object',
                'secret': True,
                'additionalProperties': {'type': 'string', 'maxLength': 8},
            },
        },
    }


@pytest.fixture
def several(tmp_path: Path) -> FileInventory:
    file = tmp_path / 'fencing.yaml'
    file.write_text(dedent(SEVERAL))
    file.chmod(0o600)
    (tmp_path / 'token').write_text('a-token\n')
    (tmp_path / 'token').chmod(0o600)
    return FileInventory(file, {'agent': Agent})


def test_each_secret_of_a_mapping_may_be_a_reference(
    several: FileInventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert messages(several, 'a') == [
        '"community" comes from the environment variable COMMUNITY_OF_TEST, which is not set'
    ]
    monkeypatch.setenv('COMMUNITY_OF_TEST', 'public')
    driver = several.path('a').level(1).devices[0].driver
    assert isinstance(driver, Agent)
    assert driver.settings['secrets'] == {
        'community': 'public', 'token': 'a-token', 'plain': 'text'
    }  # fmt: skip


def test_each_secret_of_a_mapping_is_checked(
    several: FileInventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('COMMUNITY_OF_TEST', 'much-too-long')
    assert '"community" must have at most 8 characters' in messages(several, 'a')[0]
    (tmp_path / 'token').chmod(0o644)
    (tmp_path / 'fencing.yaml').chmod(0o644)
    warned = messages(several, blocks=False)
    assert [sentence.partition(' ')[0] for sentence in warned] == ['"plain"', '"token"']
