"""What a driver has against its settings, beyond what a schema can say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Objection:
    """One thing wrong with a device's settings, in a sentence that says what would be right.

    Never quotes a secret.
    """

    sentence: str
    blocks: bool = True  #: False for a warning: it can be used, and somebody should know
