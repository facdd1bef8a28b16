"""What agents say when they fail: always exit status 1, and a reason on stderr amid noise."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from drivers.command import Ended

HIDDEN = '***'
LONGEST = 300  # characters of a reason
_STAMP = re.compile(r'^\d{4}-\d\d-\d\d [\d:,.]+ (ERROR|WARNING|INFO|DEBUG|CRITICAL): ')
_NOISE = re.compile(r"^$|Please use '-h' for usage|DeprecationWarning|^\s+|^Traceback ")


def complaint(ended: Ended, secrets: Iterable[str]) -> str:
    """The last thing that it said and that says something, without secrets."""
    lines = [_STAMP.sub('', line) for line in (ended.out + '\n' + ended.err).splitlines()]
    said = [line.strip() for line in lines if not _NOISE.search(line)]
    text = hide(said[-1], secrets) if said else 'no reason'
    return f'{text[:LONGEST]} (exit status {ended.code})'


def hide(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, whichever way they were quoted."""
    spellings = {form for one in secrets if one for form in (one, quote(one), quote(one, safe=''))}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, HIDDEN)
    return text
