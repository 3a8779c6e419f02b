"""The pages that the browser shows at the end of a sign-in; none contains a secret."""

from __future__ import annotations

from html import escape
from typing import Final

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.05rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 12vh auto; padding: 0 1.5rem; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.5rem; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
<p>You may close this window and go back to the terminal.</p>
</main>
</body>
</html>
"""

DONE: Final = _PAGE.format(title="Signed in", text="You are signed in to Sage 200.")
ALREADY_USED: Final = _PAGE.format(
    title="This sign-in has ended", text="This address has already been opened."
)
NOT_OURS: Final = _PAGE.format(
    title="Not of this sign-in",
    text="This address does not belong to the sign-in in progress, which still waits.",
)
NOT_FOUND: Final = _PAGE.format(title="Page not found", text="There is no such page.")


def failed(reason: str) -> str:
    """Return the page that explains why the sign-in failed."""
    return _PAGE.format(title="Not signed in", text=escape(reason))
