"""Names: from Sage's words to Python's."""

from __future__ import annotations

import keyword
import re
from typing import Final

_ACRONYMS: Final = {"bom": "BOM", "iso": "ISO", "pop": "POP", "sop": "SOP"}
_TAKEN: Final = frozenset({"fields"})
# What every record has of its own.
_TITLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9 ()/-]*")


def camel(name: str) -> str:
    """Turn a name of the documents into a class name.

    Example:
        >>> camel("sop_order_line_view")
        'SopOrderLineView'
    """
    return "".join(part.capitalize() for part in name.split("_"))


def singular(name: str) -> str:
    """Name one of several.

    Example:
        >>> singular("memos"), singular("faxes"), singular("currencies")
        ('memo', 'fax', 'currency')
    """
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    if name.endswith(("xes", "sses", "ches")):
        return name[:-2]
    return name.removesuffix("s")


def member_name(parent: str, member: str, *, many: bool) -> str:
    """Name the record of a member that is spelled out in its parent.

    Example:
        >>> member_name("customer", "main_address", many=False)
        'customer_main_address'
        >>> member_name("bank", "bank_contacts", many=True)
        'bank_contact'
    """
    one = singular(member) if many else member
    return one if one.startswith(f"{parent}_") else f"{parent}_{one}"


def attribute(name: str) -> str:
    """Give the name that Python can spell.

    Example:
        >>> attribute("class"), attribute("fields"), attribute("name")
        ('class_', 'fields_', 'name')
    """
    return f"{name}_" if keyword.iskeyword(name) or name in _TAKEN else name


def words(name: str) -> str:
    """Spell a path's name as words.

    Example:
        >>> words("sop_orders_duplicate")
        'SOP orders duplicate'
    """
    parts = [_ACRONYMS.get(part, part) for part in name.split("_")]
    text = " ".join(parts)
    return text[0].upper() + text[1:]


def is_title(title: str) -> bool:
    """Tell whether a path's title is a name, and not a sentence or an identifier."""
    return bool(_TITLE.fullmatch(title))


def iso(date: str) -> str:
    """Turn a date of a changelog round.

    Example:
        >>> iso("14/08/2023")
        '2023-08-14'
    """
    day, month, year = date.split("/")
    return f"{year}-{month}-{day}"
