"""The table at the end: which rule was broken by what, and which rules come later."""

from __future__ import annotations

from typing import Any

from tests.oracle.sabotages import LATER, PARTS_LATER


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Also with several processes: the reports carry what was seen."""
    rows = [
        dict(report.user_properties)
        for report in terminalreporter.getreports('passed') + terminalreporter.getreports('failed')
        if report.when == 'call' and 'test_sabotages.py' in report.nodeid
    ]
    rows = sorted((row for row in rows if 'rule' in row), key=lambda row: int(row['rule'][1:]))
    if not rows:
        return
    terminalreporter.section('rules, their sabotages, and what fired')
    for row in rows:
        terminalreporter.write_line(f'{row["rule"]:<4} {row["sabotage"]:<30} {row["fired"]}')
    for rule, why in {**LATER, **PARTS_LATER}.items():
        terminalreporter.write_line(f'{rule:<4} later: {why}')
