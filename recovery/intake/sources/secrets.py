"""The secrets of a source: read when they are wanted, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from drivers.contracts.inventory import InventoryError
from drivers.inventory.file.credentials import resolved

SHORTEST = 16  #: characters: what is shorter can be guessed at the pace at which we answer
BY_OTHERS = stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP


class BadSecret(ValueError):
    """It cannot be used; the sentence says why, and never quotes it."""


@dataclass(frozen=True)
class Secret:
    """Where the secrets of one source are."""

    name: str  #: of the setting: token or hmac
    reference: Mapping[str, str] = field(repr=False)
    near: Path  #: the directory that relative file names start from

    def values(self) -> tuple[bytes, ...]:
        """All that count now, so that one can be changed without a gap. Raises BadSecret."""
        self._refuse_readable()
        schema = {'properties': {self.name: {'type': 'string', 'secret': True}}}
        try:
            text = resolved({self.name: dict(self.reference)}, schema, self.near)[self.name]
        except InventoryError as error:
            raise BadSecret(str(error)) from error
        lines = [line.strip() for line in str(text).splitlines() if line.strip()]
        if not lines or any(len(line) < SHORTEST for line in lines):
            raise BadSecret(
                f'"{self.name}": a secret must have {SHORTEST} characters or more, as of '
                'openssl rand -hex 32'
            )
        return tuple(line.encode() for line in lines)

    def is_token(self, shown: str) -> bool:
        """Whether a bearer token is one of them. Raises BadSecret."""
        given = shown.encode('utf-8', 'surrogatepass')
        return any(hmac.compare_digest(given, value) for value in self.values())

    def is_signature(self, shown: str, message: bytes) -> bool:
        """Whether it is the HMAC-SHA256 of the message by one of them. Raises BadSecret."""
        given = shown.lower().encode('utf-8', 'surrogatepass')
        made = [hmac.new(key, message, hashlib.sha256).hexdigest() for key in self.values()]
        return any(hmac.compare_digest(given, one.encode()) for one in made)

    def _refuse_readable(self) -> None:
        if 'file' not in self.reference:
            return
        file = self.near / self.reference['file']
        try:
            mode = file.stat().st_mode
        except OSError:
            return  # what reads it says so
        if mode & BY_OTHERS:
            raise BadSecret(f'"{self.name}" is in reach of others: chmod 640 {file}')
