"""Install what the peers need from Debian's packages, without starting a daemon of the system."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from peer_scripts.processes import Failed

POLICY = Path('/usr/sbin/policy-rc.d')


def install(packages: Iterable[str]) -> list[str]:
    """Install the packages that are missing; return their names. Raises Failed."""
    missing = [package for package in packages if not _installed(package)]
    if not missing:
        return []
    if os.geteuid() != 0:
        raise Failed(f'not root, and these are missing: {" ".join(missing)}')
    with _no_daemons():
        _run('apt-get', '-q', 'update')
        _run(
            *('apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300', 'install', '-y'),
            *('--no-install-recommends', *missing),
        )
    return missing


def _installed(package: str) -> bool:
    command = ['dpkg-query', '--show', '--showformat=${Status}', package]
    asked = subprocess.run(command, capture_output=True, text=True)
    return asked.stdout == 'install ok installed'


@contextmanager
def _no_daemons() -> Iterator[None]:
    """Keep package scripts from starting daemons. A policy of the machine's own is left alone."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text('#!/bin/sh\nexit 101\n')
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def _run(*command: str) -> None:
    environment = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment)
    if ran.returncode:
        raise Failed(f'{" ".join(command)}: {ran.stderr.strip()[-2000:]}')
