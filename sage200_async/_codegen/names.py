"""Names: from Sage's words to Python's."""

from __future__ import annotations

import keyword
import re
from typing import Final

_ACRONYMS: Final = {"bom": "BOM", "iso": "ISO", "pop": "POP", "sop": "SOP"}
_RESERVED: Final = frozenset({"fields"})
# Attributes that every record has.
_TITLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9 ()/-]*")


def camel(name: str) -> str:
    """Return a name of the documents as a class name.

    Example:
        >>> camel("sop_order_line_view")
        'SopOrderLineView'
    """
    return "".join(part.capitalize() for part in name.split("_"))


def singular(name: str) -> str:
    """Return the name of one of several.

    Example:
        >>> singular("memos"), singular("faxes"), singular("currencies")
        ('memo', 'fax', 'currency')
    """
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    if name.endswith(("xes", "sses", "ches")):
        return name[:-2]
    return name.removesuffix("s")


def related_record_name(parent: str, field: str, *, many: bool) -> str:
    """Return the name of a related record whose fields are part of its parent's.

    Example:
        >>> related_record_name("customer", "main_address", many=False)
        'customer_main_address'
        >>> related_record_name("bank", "bank_contacts", many=True)
        'bank_contact'
    """
    one = singular(field) if many else field
    return one if one.startswith(f"{parent}_") else f"{parent}_{one}"


def attribute(name: str) -> str:
    """Return the name as a Python attribute.

    Example:
        >>> attribute("class"), attribute("fields"), attribute("name")
        ('class_', 'fields_', 'name')
    """
    return f"{name}_" if keyword.iskeyword(name) or name in _RESERVED else name


def words(name: str) -> str:
    """Return a path's name as words.

    Example:
        >>> words("sop_orders_duplicate")
        'SOP orders duplicate'
    """
    parts = [_ACRONYMS.get(part, part) for part in name.split("_")]
    text = " ".join(parts)
    return text[0].upper() + text[1:]


def is_title(title: str) -> bool:
    """Whether a path's title is a name, and not a sentence or an identifier."""
    return bool(_TITLE.fullmatch(title))


def iso(date: str) -> str:
    """Return a date of a changelog in ISO form.

    Example:
        >>> iso("14/08/2023")
        '2023-08-14'
    """
    day, month, year = date.split("/")
    return f"{year}-{month}-{day}"
