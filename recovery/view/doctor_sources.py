"""A look at who may post alarms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from recovery.intake.sources import BadSources, Sources
from recovery.view.finding import Finding, Level

if TYPE_CHECKING:
    from recovery.site import Site

SOURCES = 'sources'


def sources(site: Site) -> Iterator[Finding]:
    """Whether the file can be used, and each secret be read by who asks."""
    if not site.conf.sources.file:
        return
    try:
        found = Sources.load(site.conf)
    except BadSources as error:
        for line in str(error).splitlines():
            yield Finding(Level.BAD, SOURCES, line, 'correct it; until then no API starts')
        return
    for source in found:
        wrong = source.without_secret()
        if wrong:
            todo = 'as long as recovery-api sees the same, it does not start'
            yield Finding(Level.BAD, SOURCES, f'{source.name}: {wrong}', todo)
        elif not source.known_by:
            said = f'{source.name}: whoever reaches this machine may raise its alarms'
            yield Finding(Level.WARN, SOURCES, said, 'give it a token, unless this is a lab')
    yield Finding(Level.OK, SOURCES, f'{len(found)} may post alarms')
