"""Inputs as they are recorded, and back: what a gate saw can be shown to it again.

Encoding goes by the values, decoding by the type hints of the dataclasses, so that a new field
of :class:`~recovery.policy.inputs.Inputs` needs nothing here. A record of an older or newer
release is read as far as this one knows it; what it does not know is said in a note.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import math
import zlib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from recovery.policy import reading
from recovery.policy.inputs import Inputs, Missing
from recovery.policy.reading import MISSING, BadRecord

FORMAT = 1  #: of what :func:`encode` makes
LEVEL = 1  #: of compression: half the time of the usual one, for a tenth more space


@dataclass(frozen=True)
class Recorded:
    """Inputs that were read back."""

    inputs: Inputs
    may_end: bool  #: as :func:`recovery.policy.decide.decide` takes it
    notes: tuple[str, ...] = ()  #: where the record and this release differ


def as_json(inputs: Inputs, *, may_end: bool) -> dict[str, Any]:
    """Inputs as JSON carries them."""
    found: dict[str, Any] = json.loads(_text(inputs, may_end))
    finite: dict[str, Any] = tame(found)
    return finite


def from_json(value: Any) -> Recorded:
    """Inputs from what :func:`as_json` made, perhaps in another release.

    :raises BadRecord: it is something else, or lacks what this release cannot do without.
    """
    if not isinstance(value, dict) or 'inputs' not in value:
        raise BadRecord('there are no recorded inputs in it')
    if value.get('format') != FORMAT:
        raise BadRecord(
            f'inputs are recorded in format {value.get("format")!r}; this release reads {FORMAT}'
        )
    may_end = value.get('may_end')
    if not isinstance(may_end, bool):
        raise BadRecord(f'may_end is {may_end!r}; true or false is wanted')
    inputs, notes = reading.read(Inputs, value['inputs'], 'inputs')
    return Recorded(inputs, may_end, notes)


def encode(inputs: Inputs, *, may_end: bool) -> bytes:
    """Inputs as a decision keeps them."""
    return zlib.compress(_text(inputs, may_end).encode(), LEVEL)


def decode(blob: bytes) -> Recorded:
    """Inputs as they were. Raises BadRecord."""
    return from_json(raw(blob))


def raw(blob: bytes) -> Any:
    """What was encoded, as JSON carries it, known to this release or not. Raises BadRecord."""
    try:
        return tame(json.loads(zlib.decompress(blob)))
    except (zlib.error, ValueError, RecursionError) as error:
        raise BadRecord(f'the recorded inputs are damaged: {error}') from error


def tame(value: Any) -> Any:
    """JSON without the numbers that are none: strict readers refuse NaN and the infinities."""
    if isinstance(value, float) and not math.isfinite(value):
        return 'NaN' if math.isnan(value) else 'Infinity' if value > 0 else '-Infinity'
    if isinstance(value, dict):
        return {key: tame(one) for key, one in value.items()}
    if isinstance(value, list):
        return [tame(one) for one in value]
    return value


def _text(inputs: Inputs, may_end: bool) -> str:
    whole = {'format': FORMAT, 'may_end': may_end, 'inputs': inputs}
    return _encoder().encode(whole)


@functools.cache
def _encoder() -> json.JSONEncoder:
    return json.JSONEncoder(default=_plain, sort_keys=True, separators=(',', ':'))


def _plain(value: Any) -> Any:
    """What JSON has no form for."""
    if isinstance(value, Missing):
        return {MISSING: value.why}
    if dataclasses.is_dataclass(value):
        names, own = value.__dataclass_fields__, getattr(value, '__dict__', {})
        # A thousand services: what need not be copied is not.
        return own if own.keys() == names.keys() else {name: getattr(value, name) for name in names}
    if isinstance(value, Set):
        return sorted(value, key=str)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, enum.Enum):
        return value.value
    raise TypeError(f'inputs hold a {type(value).__name__}, which has no form in JSON')
