"""Packages that only some stores need."""

from __future__ import annotations

from importlib import import_module

from sage200_async.errors import MissingExtra


def require(what: str, extra: str, *packages: str) -> None:
    """Import *packages*, so that a missing one is known before any I/O.

    Args:
        what: Who needs them, for the message.
        extra: The extra that installs them.
        packages: Their import names.

    Raises:
        MissingExtra: One is not installed.
    """
    for package in packages:
        try:
            import_module(package)
        except ImportError as error:
            message = (
                f"{what} needs {package}, which is not installed: "
                f"pip install 'sage200-async[{extra}]'"
            )
            raise MissingExtra(message, extra=extra) from error
