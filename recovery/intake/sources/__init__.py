"""Who may post alarms, how each is known and read: the file of [sources] file."""

from recovery.intake.sources.secrets import BadSecret, Secret
from recovery.intake.sources.source import BadSources, Source, Sources

__all__ = ['BadSecret', 'BadSources', 'Secret', 'Source', 'Sources']
