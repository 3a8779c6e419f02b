"""What a feed compares, and what it cannot see, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.extract.feed.options import Options
    from sage200_async.extract.feed.poll import Source


def explanation(sources: Sequence[Source], options: Options, where: str) -> str:
    """Return the explanation of a feed.

    Args:
        sources: The resources.
        options: How they are compared.
        where: The database of the state.
    """
    lines = [f"State: {where}. Every {_seconds(options.every)}:"]
    lines += [f"  {source.describe()}" for source in sources]
    lines.append(
        f"Deletes, records that were committed more than {_seconds(options.overlap)} "
        "late, and restored backups are seen when all keys and stamps are compared: "
        f"every {_seconds(options.sweep_every)}."
    )
    lines.append(
        "At least once, in order for each key: what was handed out and not "
        "acknowledged comes again after a restart."
    )
    lines.append(
        "It cannot see: several changes of a record between two polls (they are one); "
        "a record that was created and deleted between two; who changed what."
    )
    expanded = [s.resource for s in sources if s.expanded]
    if expanded and options.whole_every is None:
        lines.append(
            f"A change of related records that moves no stamp of {', '.join(expanded)} "
            "is not seen; pass whole_every= to read everything now and then."
        )
    return "\n".join(lines)


def _seconds(number: float) -> str:
    return f"{number:g} s"
