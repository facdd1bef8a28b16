"""Says at the end how many points of death there were."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, 'user_properties', ()):
                if name == 'points' and report.when == 'call':
                    terminalreporter.write_line(f'points: {value}')
