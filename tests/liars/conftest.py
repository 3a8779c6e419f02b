"""Lets the tests import `lying`, and prints the table of outcomes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from lying.table import lines


def pytest_terminal_summary(terminalreporter):
    """Print each lie, each way of reading, and how it ended."""
    reports = (
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
    )
    entries = [
        (*value, report.outcome)
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == "lie"
    ]
    if not entries:
        return
    terminalreporter.section("lies")
    for line in lines(entries):
        terminalreporter.write_line(line)
