"""Check that an optional package is installed before it is needed."""

from __future__ import annotations

import asyncio
from importlib import import_module

from sage200_async.errors import MissingExtra


def require(feature: str, extra: str, *packages: str) -> None:
    """Import *packages*, so that a missing one is known before any I/O.

    Args:
        feature: What needs them, for the message.
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
                f"{feature} needs {package}, which is not installed: "
                f"pip install 'sage200-async[{extra}]'"
            )
            raise MissingExtra(message, extra=extra) from error


async def load(feature: str, extra: str, *packages: str) -> None:
    """Import *packages* in a thread: large ones would stop the event loop for long.

    Args:
        feature: What needs them, for the message.
        extra: The extra that installs them.
        packages: Their import names, or modules of ours that import them.

    Raises:
        MissingExtra: One is not installed.
    """
    await asyncio.to_thread(require, feature, extra, *packages)
