from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from drivers.contracts.errors import Refused
from drivers.contracts.fencing import PowerState
from drivers.fencing.manual import ManualFencing


def test_a_human_is_told_what_to_do() -> None:
    driver = ManualFencing.build({'instructions': 'call 555, rack 4.'})
    with pytest.raises(Refused) as caught:
        driver.power_off(timeout=1.0)
    assert str(caught.value) == (
        'only a human can cut the power (call 555, rack 4): do it, see that it stays off, then '
        'run "recovery confirm-fenced HOST"'
    )
    with pytest.raises(Refused, match='only a human can switch it on: do it, then run "recovery '):
        ManualFencing.build({}).power_on(timeout=1.0)


def test_it_never_proves_anything() -> None:
    driver = ManualFencing.build({})
    for _ in range(2):
        with pytest.raises(Refused):
            driver.power_off(timeout=1.0)
        assert driver.power_state(timeout=1.0) is PowerState.UNKNOWN
    assert driver.identity(timeout=1.0) is None


def test_settings() -> None:
    schema = Draft202012Validator(ManualFencing.SETTINGS_SCHEMA)
    assert schema.is_valid({})
    assert not schema.is_valid({'instructions': ''})
    assert not schema.is_valid({'plug': 'x'})
