"""One recovery on one screen: what happens, why, and the one command that moves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from recovery.db.states import HELD
from recovery.view import times

if TYPE_CHECKING:
    from rich.text import Text

    from recovery.view.page import Page

STYLES = {
    'done': 'green', 'failed': 'bold red', 'undo failed': 'bold red', 'waits': 'bold yellow',
    'running': 'bold cyan', 'undoing': 'cyan', 'interrupted': 'yellow', 'stopped': 'yellow',
    'held': 'bold yellow', 'waiting': 'bold yellow', 'ready': 'cyan',
    'done-with-failures': 'bold red', 'undone': 'yellow', 'cancelled': 'yellow',
    'superseded': 'dim', 'expired': 'bold red', 'to do': 'dim',
}  # fmt: skip
TROUBLE_SHOWN = 8


def lines(page: Page, *, plain: bool, steps: bool = True) -> list[Text]:
    """The page, line by line."""
    found = [*_head(page), _line()]
    if steps and page.phases:
        found += [*_tree(page, plain), _line()]
    return [*found, *_items(page), *_foot(page)]


def _line(*parts: tuple[str, str] | str) -> Text:
    from rich.text import Text

    return Text.assemble(*parts, no_wrap=False)


def _head(page: Page) -> Iterator[Text]:
    row, state = page.recovery.row, page.recovery.state
    title = f'{row["kind"]} of {row["host"]}'
    if row['subject'] != row['host']:
        title += f' ({row["subject"]})'
    yield _line((title, 'bold'), '   ', (state, STYLES.get(state, '')), f'   round {row["round"]}')
    yield _line((f'{page.recovery.id}', 'dim'))
    ended = row['ended_at']
    lasted = times.span((ended or page.now) - row['created_at'])
    when = f'ended {times.moment(ended)} after {lasted}' if ended else f'for {lasted}'
    yield _line(f'  asked by {row["requested_by"]} at {times.moment(row["created_at"])}, {when}')
    if page.alarm is not None:
        alarm = page.alarm
        yield _line(
            f'  alarm: {alarm["source"]} said {alarm["kind"]} at', ' ', times.moment(alarm['at'])
        )
    if row['approved_by']:
        why = f': {row["approved_reason"]}' if row['approved_reason'] else ''
        yield _line(f'  approved by {row["approved_by"]}{why}')
    if row['worker']:
        yield _line(f'  owned by {row["worker"]}, claim {row["claims"]} of this round')


def _tree(page: Page, plain: bool) -> Iterator[Text]:
    from recovery.view.steps import GLYPHS, PLAIN, TO_DO

    glyphs = PLAIN if plain else GLYPHS
    widest = max((len(step.name) + 2 for phase in page.phases for step in phase.steps), default=20)

    def one(indent: str, name: str, state: str, seconds: float | None, note: str) -> Text:
        style = STYLES.get(state, '')
        spent = times.span(seconds)
        return _line(
            f'{indent}',
            (f'{glyphs.get(state, "?")} ', style),
            (f'{name:<{widest + 2 - len(indent)}} ', 'dim' if state == TO_DO else ''),
            (f'{state:<11} ', style),
            f'{spent:>11}  ' if spent or note else '',
            note,
        )

    for phase in page.phases:
        indent = ''
        if phase.name:
            yield one('', phase.name, phase.state, phase.duration(page.now), '')
            indent = '  '
        for step in phase.steps:
            again = f'(attempt {step.attempt}) ' if step.attempt > 1 else ''
            note = f'{again}{step.message}'
            yield one(indent, step.name, step.state, step.duration(page.now), note)


def _items(page: Page) -> Iterator[Text]:
    if not page.recovery.items.total:
        return
    yield _line(('instances: ', 'bold'), str(page.recovery.items))
    for item in page.trouble[:TROUBLE_SHOWN]:
        state = item['state']
        yield _line(
            '  ',
            (f'{state:<10}', STYLES.get(state, 'yellow')),
            f'{item["name"]} ({item["instance"]}): {item["reason"]}',
        )
    more = len(page.trouble) - TROUBLE_SHOWN
    if more > 0:
        yield _line(f'  ... and {more} more: recovery items {page.recovery.id[:8]}')
    yield _line()


def _foot(page: Page) -> Iterator[Text]:
    seen = page.outlook
    # What is held is decided again by itself: a human may approve it, and need not.
    again = page.recovery.row['next_check'] is not None
    waits = seen.human and not (again and page.recovery.state == HELD)
    word = 'WAITS FOR A HUMAN' if waits else page.recovery.state
    yield _line((f'{word}: ', STYLES.get(page.recovery.state, 'bold')), seen.sentence)
    if len(page.holding) > 1:  # an approval has to cover all of them
        for gate in page.holding:
            yield _line('  ', (f'{gate["gate"]:<15} ', 'yellow'), gate['reason'])
    if seen.verb:
        yield _line('  next: ', (seen.verb, 'bold'))


def console(stream: Any, width: int | None = None) -> Any:
    """A rich console on the command's own stream, colours only on a terminal."""
    from rich.console import Console

    return Console(
        file=stream,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not stream.isatty(),
    )


def is_plain(stream: Any) -> bool:
    """Whether the stream cannot show the glyphs."""
    encoding = (getattr(stream, 'encoding', None) or 'utf-8').lower()
    return not encoding.startswith('utf')
