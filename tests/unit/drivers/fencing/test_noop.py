from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from drivers.contracts.errors import Refused, Unreachable
from drivers.contracts.fencing import PowerState
from drivers.contracts.inventory import InventoryError
from drivers.fencing.noop import NoopFencing
from drivers.inventory.file import FileInventory


def driver(folder: Path, plug: str = 'one') -> NoopFencing:
    return NoopFencing.build({'state': str(folder), 'plug': plug})


def test_it_remembers_what_was_asked_for_every_process(tmp_path: Path) -> None:
    driver(tmp_path).power_off(timeout=1.0)
    assert driver(tmp_path).power_state(timeout=1.0) is PowerState.OFF
    driver(tmp_path).power_on(timeout=1.0)
    assert driver(tmp_path).power_state(timeout=1.0) is PowerState.ON
    assert [file.name for file in tmp_path.iterdir()] == ['one']


@pytest.mark.parametrize('text', [None, '', 'OFF', 'off\non', 'dead'])
def test_everything_else_is_no_proof(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / 'one').write_text(text)
    assert driver(tmp_path).power_state(timeout=1.0) is PowerState.UNKNOWN


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    gone = driver(tmp_path / 'gone')
    assert gone.power_state(timeout=1.0) is PowerState.UNKNOWN
    with pytest.raises(Refused, match='cannot be written'):
        gone.power_off(timeout=1.0)
    (tmp_path / 'two').mkdir()
    with pytest.raises(Unreachable, match='cannot be read'):
        driver(tmp_path, 'two').power_state(timeout=1.0)


def test_outside_of_labs_no_inventory_hands_it_out(tmp_path: Path) -> None:
    file = tmp_path / 'fencing.yaml'
    file.write_text(
        f"patterns: [{{match: '*', levels: [[{{driver: noop, state: {tmp_path}, "
        "plug: '{host}'}]]}]\n"
    )
    refused = FileInventory(file, {'noop': NoopFencing})
    with pytest.raises(InventoryError, match=r'cuts no power .* allow_noop = true'):
        refused.path('one')
    assert [one.blocks for one in refused.problems(['one', 'two'])] == [True, True]
    lab = FileInventory(file, {'noop': NoopFencing}, lab=True)
    device = lab.path('one').level(1).devices[0]
    assert (device.kind, device.address) == ('noop', f'{tmp_path} one')
    (warning,) = lab.problems(['one', 'two'])
    assert not warning.blocks
    assert 'its proofs are worth nothing' in warning.message


def test_settings() -> None:
    schema = Draft202012Validator(NoopFencing.SETTINGS_SCHEMA)
    assert schema.is_valid({'state': '/lab', 'plug': '{host}'})
    for wrong in ({'state': 'lab'}, {'plug': '../x'}, {'plug': '.x'}, {'plug': ''}):
        assert not schema.is_valid({'state': '/lab', 'plug': 'one'} | wrong)
