"""A flow as an SVG picture: phases as boxes, steps below each other, coloured by their state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from recovery.view.draw import colours, edges
from recovery.view.shape import StepShape, phases

BOX_WIDTH, BOX_HEIGHT, GAP = 220, 38, 26  # of a step, and between two
PAD, LABEL = 14, 22  # around the steps of a phase, and for its name
LEFT, TOP = 20, 52
LANE, LANES_FROM = 26, 40  # what is handed past the next step has a lane of its own on the right
LETTER = 6.2  # about the width of one in the small font


def svg(
    title: str, steps: Sequence[StepShape], states: Mapping[str, str], notes: Mapping[str, str]
) -> list[str]:
    """The picture.

    :param states: the state of each step; {} for a flow that nobody runs.
    :param notes: what stands beside a step's state, its duration for one.
    """
    places, frames, height = _layout(steps)
    handed = list(_handed(steps))
    width = _width(steps, handed, title)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" font-family="sans-serif">',
        f'<title>{escape(title)}</title>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#6b7686"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="30" font-size="16" font-weight="bold" fill="#1f2733">'
        f'{escape(title)}</text>',
    ]
    for name, top, bottom in frames:
        lines += _frame(name, top, bottom)
    for lane, (giver, taker, data) in enumerate(one for one in handed if not _next(places, one)):
        lines += _past(places[giver], places[taker], data, lane)
    for giver, taker, data in handed:
        if _next(places, (giver, taker, data)):
            lines += _down(places[giver], places[taker], data)
    for step in steps:
        state = states.get(step.name, '')
        lines += _step(step, places[step.name], state, notes.get(step.name, ''))
    return [*lines, '</svg>']


def _layout(
    steps: Sequence[StepShape],
) -> tuple[dict[str, int], list[tuple[str, int, int]], int]:
    """The top of each step; name, top and bottom of each phase; the height of all."""
    places: dict[str, int] = {}
    frames = []
    y = TOP
    for phase, members in phases(steps).items():
        top = y
        y += LABEL if phase else PAD
        for step in members:
            places[step.name] = y
            y += BOX_HEIGHT + GAP
        y += PAD - GAP
        if phase:
            frames.append((phase, top, y))
        y += GAP
    return places, frames, y - GAP + TOP // 2


def _handed(steps: Sequence[StepShape]) -> Iterator[tuple[str, str, str]]:
    """Who hands what to whom: one arrow for all that goes the same way."""
    ways: dict[tuple[str, str], list[str]] = {}
    for giver, taker, data in edges(steps):
        ways.setdefault((giver, taker), []).append(data)
    for (giver, taker), data_ in ways.items():
        yield giver, taker, ', '.join(data_)


def _next(places: Mapping[str, int], one: tuple[str, str, str]) -> bool:
    order = list(places)
    return order.index(one[1]) == order.index(one[0]) + 1


def _width(steps: Sequence[StepShape], handed: Sequence[tuple[str, str, str]], title: str) -> int:
    order = [step.name for step in steps]
    past = [one for one in handed if order.index(one[1]) != order.index(one[0]) + 1]
    lanes = LANES_FROM + LANE * len(past) if past else 0
    longest = max((len(one[2]) for one in past), default=0)
    needed = LEFT + 2 * PAD + BOX_WIDTH + lanes + LETTER * longest + LEFT
    return int(max(needed, LEFT * 2 + 9.5 * len(title)))


def _frame(name: str, top: int, bottom: int) -> Iterator[str]:
    width = BOX_WIDTH + 2 * PAD
    yield (
        f'<rect x="{LEFT}" y="{top}" width="{width}" height="{bottom - top}" rx="8" '
        'fill="#fafbfc" stroke="#d5dbe4"/>'
    )
    yield (
        f'<text x="{LEFT + PAD}" y="{top + 15}" font-size="11" fill="#6b7686">{escape(name)}</text>'
    )


def _down(giver: int, taker: int, data: str) -> Iterator[str]:
    """From a step to the one below it."""
    x, y = LEFT + PAD + BOX_WIDTH // 2, giver + BOX_HEIGHT
    yield _arrow(f'M{x} {y}V{taker - 1}')
    yield _small(x + 8, (y + taker) // 2 + 4, data)


def _past(giver: int, taker: int, data: str, lane: int) -> Iterator[str]:
    """From a step past others, on the right."""
    x = LEFT + PAD + BOX_WIDTH
    out = x + PAD + LANES_FROM // 2 + LANE * lane
    begin, end = giver + BOX_HEIGHT * 3 // 4, taker + BOX_HEIGHT // 4
    yield _arrow(f'M{x} {begin}H{out - 8}q8 0 8 8V{end - 8}q0 8 -8 8H{x + 1}')
    yield _small(out + 6, (begin + end) // 2, data)


def _arrow(path: str) -> str:
    return f'<path d="{path}" fill="none" stroke="#6b7686" marker-end="url(#tip)"/>'


def _small(x: int, y: int, words: str) -> str:
    return f'<text x="{x}" y="{y}" font-size="11" fill="#6b7686">{escape(words)}</text>'


def _step(step: StepShape, top: int, state: str, note: str) -> Iterator[str]:
    fill, line, ink = colours(state)
    x = LEFT + PAD
    said = ', '.join(part for part in (state, note) if part)
    yield f'<g><title>{escape(step.about)}</title>'
    yield (
        f'<rect x="{x}" y="{top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="5" '
        f'fill="{fill}" stroke="{line}" stroke-width="1.5"/>'
    )
    y = top + (16 if said else 24)
    yield f'<text x="{x + 10}" y="{y}" font-size="13" fill="{ink}">{escape(step.name)}</text>'
    if said:
        yield (
            f'<text x="{x + 10}" y="{top + 31}" font-size="11" fill="{ink}">{escape(said)}</text>'
        )
    yield '</g>'
