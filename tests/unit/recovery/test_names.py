"""Another distribution that ships our names is found before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from recovery import names


def test_an_environment_of_our_own_is_fine() -> None:
    names.check()


def test_an_intruder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / 'intruder-1.0.dist-info'
    folder.mkdir()
    (folder / 'METADATA').write_text('Metadata-Version: 2.1\nName: intruder\nVersion: 1.0\n')
    (folder / 'top_level.txt').write_text('drivers\n')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(names.Overwritten, match='"drivers" is also installed by intruder'):
        names.check()
