"""For all tests: a clean environment, and no silent skip in CI."""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

TOP = Path(__file__).resolve().parent.parent
PACKAGES = ('recovery', 'flows', 'drivers')
#: A skip whose reason begins so is no missing peer, and allowed in CI.
BY_DESIGN = 'by design: '

# A change is judged by the same examples each time; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile('steady', derandomize=True, deadline=None)
settings.register_profile('explore', deadline=None)
settings.load_profile(os.environ.get('HYPOTHESIS_PROFILE', 'steady'))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        '--accept',
        action='store_true',
        help='write the stories of scenarios and the shapes of flows in place of comparing them; '
        'read them as prose before they are committed',
    )


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether what is compared with a file is to be written there instead."""
    return bool(request.config.getoption('--accept'))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure in CI: what is missing there was promised to be there."""
    report = yield
    if report.skipped and os.environ.get('CI') and not hasattr(report, 'wasxfail'):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if BY_DESIGN not in reason:
            report.outcome = 'failed'
            report.longrepr = f'{reason} (a skip is a failure where CI is set)'
    return report


@pytest.fixture(autouse=True)
def _no_cloud_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the caller's own cloud out: OS_USERNAME would win over a test's clouds.yaml."""
    for name in [*os.environ]:
        if name.startswith('OS_') and name not in ('OS_CLIENT_CONFIG_FILE', 'OS_CLOUD'):
            monkeypatch.delenv(name)


#: Warnings that our packages cause, and where. The run fails if there is one.
OURS: set[str] = set()


def pytest_warning_recorded(warning_message: warnings.WarningMessage) -> None:
    """Keep what points at our own code; with several processes, this is the one that reports."""
    path = Path(warning_message.filename)
    if path.is_relative_to(TOP) and path.relative_to(TOP).parts[0] in PACKAGES:
        where = f'{path.relative_to(TOP)}:{warning_message.lineno}'
        OURS.add(f'{where}: {warning_message.category.__name__}: {warning_message.message}')


def pytest_sessionfinish(session: pytest.Session) -> None:
    if OURS and session.exitstatus == 0 and not hasattr(session.config, 'workerinput'):
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if OURS:
        terminalreporter.section('warnings that our own code causes: errors')
        for line in sorted(OURS):
            terminalreporter.write_line(line)
