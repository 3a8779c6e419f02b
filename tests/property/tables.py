"""What a server in memory makes of a filter on the key."""

import re
from functools import cache

_COMPARISON = re.compile(r"(\w+) (eq|ne|gt|ge|lt|le) (-?\d+|null)")
_OPERATORS = {"eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}


@cache
def matching(text):
    """Return a function of a key that says whether the filter *text* holds for it."""

    def python(match):
        number = match[3] if match[3] != "null" else "float('nan')"
        return f"key {_OPERATORS[match[2]]} {number}"

    return eval(f"lambda key: {_COMPARISON.sub(python, text) or 'True'}")
