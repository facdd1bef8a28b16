"""Masakari as PyPI has it, in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from peer_scripts.processes import Failed
from peer_scripts.settings import TOP

VERSION = '22.0.0'
FOLDER = TOP / '.compare'


def install(folder: Path) -> Path:
    """Install it below the folder, unless it is there. Returns its environment.

    What it needs is not what we need: nothing of it may come into .venv. Raises Failed.
    """
    place = folder.resolve() / f'masakari-{VERSION}'
    stamp = place / '.installed'
    said = f'{sys.version} {place}\n'
    if stamp.is_file() and stamp.read_text() == said:
        return place
    if place.exists() and not (place / 'pyvenv.cfg').is_file():
        raise Failed(f'{place} is there and no virtual environment: name another --folder')
    print(f'installing Masakari {VERSION} below {folder}; a minute or two', file=sys.stderr)
    _run(sys.executable, '-m', 'venv', '--clear', str(place))
    quiet = ('--quiet', '--quiet', '--disable-pip-version-check', '--no-input')
    _run(str(place / 'bin' / 'python'), '-m', 'pip', 'install', *quiet, f'masakari=={VERSION}')
    stamp.write_text(said)
    return place


def _run(*command: str) -> None:
    if subprocess.run(command, check=False).returncode:
        raise Failed(f'{" ".join(command)} fails')
