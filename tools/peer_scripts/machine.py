"""The machine, or the outlet, behind a farm's device: chassis.sh acts it, files are its memory.

A directory holds its ``power`` (``on`` or ``off``), the ``fault`` that it has, what it
``received``, and a ``due.*`` for each slow switch that is still to come.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

CHASSIS = Path(__file__).with_name('chassis.sh')


def power(directory: Path, state: str) -> str:
    """Set the power to ``on`` or ``off``, whatever is still to come; or only ``get`` it."""
    if state != 'get':
        for due in directory.glob('due.*'):
            due.unlink(missing_ok=True)
    hook = (directory / 'hook').read_text().split()
    if hook:
        command = [*hook, state, directory.name]
        ran = subprocess.run(command, check=True, capture_output=True, text=True)
        return ran.stdout.strip()
    file = directory / 'power'
    if state != 'get':
        file.write_text(state + '\n')
    return file.read_text().strip()
