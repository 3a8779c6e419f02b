"""What a check found: whether it is well, and its cure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from sage200_async.cli.exit_status import DONE, FAILED, SIGN_IN, WRONG

CHECKS: Final = (
    "settings",
    "dns",
    "proxy",
    "connection",
    "tls",
    "clock",
    "token",
    "sites",
    "company",
    "role",
    "tunnel",
    "edition",
    "version",
)
"""The checks, in their order."""


class Finding(Struct, frozen=True):
    """One line of the report."""

    check: str
    """One of `CHECKS`."""
    status: Literal["ok", "warning", "failed", "skipped"]
    message: str
    cure: str = ""
    """What to do next; empty where nothing is to be done."""
    exit_status: int = DONE
    """What the command ends with if this is its worst finding."""


def ok(check: str, message: str) -> Finding:
    """Return that a check is well."""
    return Finding(check, "ok", message)


def warning(check: str, message: str, cure: str) -> Finding:
    """Return what is not as it should be, but stops no request."""
    return Finding(check, "warning", message, cure)


def failed(check: str, message: str, cure: str, exit_status: int = FAILED) -> Finding:
    """Return what is wrong."""
    return Finding(check, "failed", message, cure, exit_status)


def exit_status(findings: Sequence[Finding]) -> int:
    """Return the exit status: wrong settings first, then a sign-in, then the rest."""
    statuses = {finding.exit_status for finding in findings}
    return next((code for code in (WRONG, SIGN_IN, FAILED) if code in statuses), DONE)


def complete(findings: Sequence[Finding]) -> list[Finding]:
    """Return one or more findings for each check, in order: what was not reached, too."""
    first = next((one.check for one in findings if one.status == "failed"), "")
    reason = f"not checked: {first} comes first" if first else "not checked"
    report: list[Finding] = []
    for check in CHECKS:
        own = [finding for finding in findings if finding.check == check]
        if any(finding.status == "failed" for finding in own):
            own = [finding for finding in own if finding.status != "ok"]
        report += own or [Finding(check, "skipped", reason)]
    return report
