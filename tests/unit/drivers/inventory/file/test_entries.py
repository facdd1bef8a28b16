from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from drivers.contracts.inventory import InventoryError
from drivers.contracts.objection import Objection
from drivers.inventory.file import FileInventory
from tests.unit.drivers.inventory.inventories import Pdu, messages


class Human(Pdu):
    """Is nowhere: many hosts have the same one."""

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'properties': {'call': {'type': 'string'}},
    }


class Pretender(Pdu):
    """Is somewhere, but has no address; objects."""

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'properties': {
            'state': {'type': 'string', 'place': True},
            'plug': {'type': 'string'},
            'odd': {'type': 'boolean'},
        },
    }

    @classmethod
    def objections(cls, settings: Mapping[str, Any], *, lab: bool) -> Iterator[Objection]:
        if not lab:
            yield Objection('it pretends')
            if 'odd' in settings:
                yield Objection('odd things do so twice')
        if 'odd' in settings:
            yield Objection('it is odd', blocks=False)


def inventory(tmp_path: Path, text: str, *, lab: bool = False) -> FileInventory:
    file = tmp_path / 'fencing.yaml'
    file.write_text(text)
    return FileInventory(file, {'human': Human, 'pretender': Pretender}, lab=lab)


def test_a_human_may_be_the_device_of_many_hosts(tmp_path: Path) -> None:
    found = inventory(
        tmp_path, 'patterns: [{match: "*", levels: [[{driver: human, call: 555}]]}]'.replace(
            '555', "'555'"
        )
    )  # fmt: skip
    assert messages(found, 'a', 'b') == []
    assert found.path('a').level(1).devices[0].address == 'human'


PRETENDERS = """
hosts:
  a: [[{driver: pretender, state: /lab, plug: a}]]
  b: [[{driver: pretender, state: /lab, plug: b, odd: true}]]
  c: [[{driver: pretender, state: /lab, plug: b, odd: true}]]
"""


def test_what_a_driver_objects_to_cannot_be_used(tmp_path: Path) -> None:
    found = inventory(tmp_path, PRETENDERS)
    with pytest.raises(InventoryError, match=r'fencing\.yaml:3: it pretends'):
        found.path('a')
    assert messages(found, 'a') == ['it pretends']
    assert messages(found, 'b')[0] == 'it pretends; and odd things do so twice'


def test_what_stands_for_an_address_tells_places_apart(tmp_path: Path) -> None:
    found = inventory(tmp_path, PRETENDERS, lab=True)
    assert found.path('a').level(1).devices[0].address == '/lab a'
    assert messages(found, 'a') == []
    assert 'b and c would both be fenced through pretender /lab b' in messages(found, 'b')[0]


def test_a_warning_is_said_once_and_does_not_block(tmp_path: Path) -> None:
    found = inventory(tmp_path, PRETENDERS, lab=True)
    assert messages(found, blocks=False) == ['it is odd']
    assert found.path('b').level(1).devices
