"""What is generated and checked in says what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize('tool', ['sample_config', 'draw_flows', 'draw_states'])
def test_generated_text_is_current(tool: str) -> None:
    command = [sys.executable, str(TOP / 'tools' / tool), '--check']
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
