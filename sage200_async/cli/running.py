"""Commands run here: one event loop for each, from its start to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_async(command: Coroutine[Any, Any, T]) -> T:
    """Run a command to its end, and return its result."""
    return asyncio.run(command)
