"""Where a file sets what, as oslo.config reads it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from oslo_config import cfg


@dataclass(frozen=True)
class Setting:
    """One line that gives an option a value."""

    file: str
    line: int  #: from 1
    group: str  #: 'DEFAULT' before the first heading
    name: str  #: as options are called: with underscores


def settings(conf: cfg.ConfigOpts) -> Iterator[Setting]:
    """Every one of the files that ``conf`` was read from; those that cannot be read have none."""
    for file in [*conf.config_file, *_in_directories(conf)]:
        try:
            text = Path(file).read_text(encoding='utf-8')
        except (OSError, UnicodeDecodeError):
            continue
        group = 'DEFAULT'
        for number, line in enumerate(text.splitlines(), start=1):
            if line[:1].isspace() or line[:1] in ('', '#', ';'):
                continue  # the rest of a value, or a remark
            if line.startswith('['):
                group = _heading(line.rstrip()[1:-1])
            else:
                name = re.split('[:=]', line, maxsplit=1)[0].strip().replace('-', '_')
                yield Setting(file, number, group, name)


def _heading(text: str) -> str:
    """As oslo.config takes it: in any case but for DEFAULT, and with the spaces inside."""
    return text if text == 'DEFAULT' else text.lower()


def _in_directories(conf: cfg.ConfigOpts) -> list[str]:
    found: list[str] = []
    for directory in conf.config_dir or []:
        found += sorted(os.fspath(path) for path in Path(directory).glob('*.conf'))
    return found
