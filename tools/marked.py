"""Text between markers in a document, generated and compared: what the draw tools share."""

from __future__ import annotations

import difflib
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def settle(document: str, marker: str, fresh: str, *, check: bool) -> int:
    """Write ``fresh`` between the markers of ``document``, or only compare it.

    :returns: the exit code: 0 current or written, 1 stale.
    """
    path = TOP / document
    begin, end = f'<!-- {marker}: drawn from the code -->\n\n', f'<!-- end of {marker} -->'
    text = path.read_text() if path.exists() else ''
    if begin not in text or end not in text:
        print(f'{document} has no place for it: add the lines "{begin.strip()}" and "{end}"')
        return 1
    head, rest = text.split(begin, 1)
    stored, tail = rest.split(end, 1)
    if stored == fresh:
        return 0
    if not check:
        path.write_text(f'{head}{begin}{fresh}{end}{tail}')
        return 0
    changes = difflib.unified_diff(
        stored.splitlines(), fresh.splitlines(), 'stored', 'drawn', lineterm=''
    )
    print('\n'.join(changes))
    print(f'{document} is stale: run the tool without --check')
    return 1


def fenced(kind: str, lines: list[str]) -> str:
    """A code block of Markdown."""
    return '\n'.join([f'```{kind}', *lines, '```', ''])
